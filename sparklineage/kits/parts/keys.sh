# shellcheck shell=bash
# The keys of the backend where the relay finds them: a file each, which its account alone can read.
# Settings: BASE, KEYS.

# Puts stdin into the file of a key; what is in it goes nowhere else.
key() {
  local name=$1 user group before=''
  user=$(owner) && group=$(id -gn "$user") || return
  # Of root: what another made in it might lead elsewhere.
  folder "$KEYS" 0750 "0:$group" || return
  [[ ! -f $KEYS/$name ]] || before=$(digest "$KEYS/$name")
  place "$KEYS/$name" 0400 || return
  ((EUID != 0)) || chown -h "$user:$group" "$KEYS/$name" || return
  # The relay that runs has the key of its start.
  [[ $before == "$(digest "$KEYS/$name")" ]] || rm -f "$BASE/relay.version"
}
