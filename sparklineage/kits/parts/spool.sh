# shellcheck shell=bash
# The account of the relay, and the folders of the node.
# Settings: ACCOUNT, ETC, BASE, LOGS, SPOOL, STATE.

# Makes the account that the relay runs under, which can do nothing else.
account() {
  id -u "$ACCOUNT" >/dev/null 2>&1 && return
  local shell
  shell=$(command -v nologin) || shell=/bin/false
  if getent group "$ACCOUNT" >/dev/null; then
    limited 20 useradd --system --gid "$ACCOUNT" --no-create-home --home-dir / --shell "$shell" "$ACCOUNT"
  else
    limited 20 useradd --system --user-group --no-create-home --home-dir / --shell "$shell" "$ACCOUNT"
  fi
}

# Prints whom the relay runs as: its account, or without that whoever runs this script.
owner() {
  if id -u "$ACCOUNT" >/dev/null 2>&1; then
    printf '%s\n' "$ACCOUNT"
  else
    id -un
  fi
}

# Makes a folder with a mode, of a user and a group.
folder() {
  local path=$1 mode=$2 owner=$3
  # What somebody put there as a link would get our owner and mode wherever it leads.
  if [[ -L $path ]]; then
    printf '%s is a symbolic link, and has to be a folder\n' "$path" >&2
    return 1
  fi
  mkdir -p "$path" || return
  # Only root gives things away; the owner first, as that clears the bits of the mode.
  ((EUID != 0)) || chown "$owner" "$path" || return
  chmod "$mode" "$path"
}

# Makes all folders.
folders() {
  local user group status=0
  user=$(owner) && group=$(id -gn "$user") || return
  folder "$BASE" 0755 0:0 || status=1
  folder "$ETC" 0755 0:0 || status=1
  folder "${STATE%/*}" 0755 0:0 || status=1
  # Of the relay alone.
  folder "$STATE" 0750 "$user:$group" || status=1
  # setgid: what applications write is of the relay's group. Sticky, and no one else may list: everybody makes a folder
  # for each of his applications, and finds none of another's.
  folder "$SPOOL" 3773 "$user:$group" || status=1
  # Sticky: the relay turns its own logs over, and has no hand on those of root.
  folder "$LOGS" 1775 "0:$group" || status=1
  return "$status"
}
