# shellcheck shell=bash
# The record of an installation: what of it lies where, so that it can be taken away again, and nothing else with it.
#
# Lines of a word and a value: `spark` a Spark that has our links, `conf` a file that has our properties, `file` one of
# these that was not there before, `folder` a folder that was not, `spool` one for journals, `key` the name of a key,
# `account` the relay's account where it was made for it. What has no line is somebody else's.
# Settings: BASE, STATE.

readonly RECORD=${STATE%/*}/.made-by-sparklineage

# Prints all values of a word.
recorded() {
  local wanted=$1 word value
  [[ -f $RECORD ]] || return 0
  while read -r word value; do
    [[ $word != "$wanted" ]] || printf '%s\n' "$value"
  done <"$RECORD"
}

# Whether a line is there.
is_recorded() {
  grep -qsxF -- "$1 $2" "$RECORD"
}

# Adds a line; to be done before what it tells of.
record() {
  local text='# Made by sparklineage: by this install.sh takes away what it has put somewhere.'
  ! is_recorded "$1" "$2" || return 0
  [[ ! -f $RECORD ]] || text=$(<"$RECORD")
  printf '%s\n' "$text" "$1 $2" | place "$RECORD" 0644
}

# Takes a line out.
unrecord() {
  ! is_recorded "$1" "$2" || grep -vxF -- "$1 $2" "$RECORD" | place "$RECORD" 0644
}

# Whether our own folder is ours by its record, or has nothing of anybody's in it.
ours_or_empty() {
  local each
  [[ ! -e $RECORD ]] || return 0
  for each in "$BASE"/* "$BASE"/.[!.]*; do
    [[ -e $each || -L $each ]] || continue
    # Of a run that was stopped before its record.
    case ${each##*/} in log | .lock | .sparklineage.*) continue ;; esac
    printf 'install.sh: %s is not of this kit, which needs %s for itself; move it away\n' "$each" "$BASE" >&2
    return 1
  done
}

# Folders that were not there when this script began.
absent=()

# Notes which folders are not there yet, of those that are named and of what they lie in.
note_absent() {
  local path
  for path in "$@"; do
    while [[ -n $path && ! -e $path ]]; do
      absent+=("$path")
      path=${path%/*}
    done
  done
}

# Records those folders, before they are made.
record_absent() {
  local each
  for each in ${absent[@]+"${absent[@]}"}; do
    record folder "$each" || return
  done
}

# Removes folders that were not there before and have nothing in them, the ones that lie in others first.
without_folders() {
  local each
  printf '%s\n' ${absent[@]+"${absent[@]}"} "$@" | sort -ru | while IFS= read -r each; do
    [[ -z $each ]] || rmdir "$each" 2>/dev/null
  done
}
