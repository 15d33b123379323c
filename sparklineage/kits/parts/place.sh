# shellcheck shell=bash
# Files come into their place whole or not at all: written beside it, looked at, and renamed.
# Settings: none.

# Prints the SHA-256 of a file.
digest() {
  local sum
  sum=$(sha256sum <"$1") && printf '%s\n' "${sum%% *}"
}

# Whether a file is there and has this SHA-256.
intact() {
  [[ -f $1 && $(digest "$1") == "$2" ]]
}

# Says why a file that came is not the one that is wanted.
refused() {
  printf '%s has SHA-256 %s, and %s is wanted; put the file of this kit there again\n' "$1" "$(digest "$2")" "$3" >&2
}

# Puts stdin into a file with a mode, and a SHA-256 if one is given. A file that is like that already stays as it is.
place() {
  placed "$@" && return
  # Read to its end even so: a writer with a broken pipe would have the last word, which is taken for the cause.
  cat >/dev/null
  return 1
}

# The same, for stdin that nobody minds being left over.
placed() {
  local target=$1 mode=$2 sha256=${3-} new
  mkdir -p "${target%/*}" || return
  new=$(mktemp "${target%/*}/.sparklineage.XXXXXX") || return
  # dd is the one that writes through to the disk and is everywhere.
  if ! dd of="$new" bs=64k conv=fsync status=none; then
    rm -f "$new"
    return 1
  fi
  if [[ -n $sha256 ]] && ! intact "$new" "$sha256"; then
    refused "$target" "$new" "$sha256"
    rm -f "$new"
    return 1
  fi
  if [[ ! -L $target ]] && cmp -s "$new" "$target"; then
    rm -f "$new"
    chmod "$mode" "$target"
    return
  fi
  # -T: never into a folder of that name.
  chmod "$mode" "$new" && mv -fT "$new" "$target" && return
  rm -f "$new"
  return 1
}

# Makes a symbolic link to a file, in the place of whatever link or file is there.
linked() {
  local file=$1 target=$2 new
  [[ $(readlink "$target") == "$file" ]] && return
  mkdir -p "${target%/*}" || return
  new=${target%/*}/.sparklineage.$BASHPID.$RANDOM
  ln -s "$file" "$new" && mv -fT "$new" "$target" && return
  rm -f "$new"
  return 1
}

# Removes what a run that was killed has left beside its targets.
sweep() {
  rm -f "$1"/.sparklineage.*
}
