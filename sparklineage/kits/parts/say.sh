# shellcheck shell=bash
# What the script says: each line with its time into a log, and to the stderr that the platform keeps.
# Settings: LOGS.

# Where lines go; nowhere until `begin` has found that it can be written.
log=/dev/null

# Makes the shell ready; to be called first of all.
begin() {
  # No -e: what may fail is looked at where it fails, and nothing else ends the script.
  set -u
  umask 022
  # Neither a reader of our output that leaves nor a terminal that closes is a reason to stop half-way.
  trap '' HUP PIPE
  # sudo and init systems hand on short paths, and useradd and aws lie beyond them.
  PATH=${PATH-}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  export PATH
  # Messages have a way of their own, so that they are no part of what a step says on stderr.
  exec 3>&2
  # Not through a link: whoever may write into this folder must not choose what root appends to.
  if mkdir -p "$LOGS" 2>/dev/null && [[ ! -L $LOGS/bootstrap.log ]] && { : >>"$LOGS/bootstrap.log"; } 2>/dev/null; then
    log=$LOGS/bootstrap.log
  fi
}

# Says one line; what could start another line or steer a terminal becomes a blank.
say() {
  local line
  TZ=UTC0 printf -v line '%(%Y-%m-%dT%H:%M:%SZ)T sparklineage: %s' -1 "${*//[[:cntrl:]]/ }"
  # A full disk takes no lines, and is no reason to stop.
  { printf '%s\n' "$line" >>"$log"; } 2>/dev/null
  { printf '%s\n' "$line" >&3; } 2>/dev/null
  return 0
}

# From here on nothing goes into the log: its folder is about to go.
unlogged() {
  log=/dev/null
}
