# shellcheck shell=bash
# The properties in a spark-defaults.conf that is there already, between two marks. What its owner says stays: of a list
# his items come first and ours behind them, and of anything else his value is the one that counts.
# Settings: CONF_KEYS, CONF_LISTS, CONF_VALUES.

readonly CONF_BEGIN='# >>> sparklineage: made by it, and made anew by it'
readonly CONF_END='# <<< sparklineage'

# Whether a file has blocks of ours: 0 where it has, 1 where it has none, 2 with a sentence where one of its marks is
# gone, as nobody knows then which lines are ours.
marked() {
  local file=$1 line='' inside='' found=1
  [[ -f $file ]] || return 1
  if [[ ! -r $file ]]; then
    printf '%s cannot be read\n' "$file" >&2
    return 2
  fi
  while IFS= read -r line || [[ -n $line ]]; do
    # Also where an editor has ended the lines as on Windows.
    case $inside${line%"${line##*[![:space:]]}"} in
      "$CONF_BEGIN") inside='in ' found=0 ;;
      "in $CONF_END") inside='' ;;
      "in $CONF_BEGIN" | "$CONF_END")
        inside='in '
        break
        ;;
    esac
  done <"$file"
  [[ -n $inside ]] || return "$found"
  printf '%s: one of the lines "%s" and "%s" is missing around what is ours; put it back, or take all of it out\n' \
    "$file" "$CONF_BEGIN" "$CONF_END" >&2
  return 2
}

# Prints a file without what is between the marks.
without_ours() {
  local line='' inside=''
  # The last line may lack its end.
  while IFS= read -r line || [[ -n $line ]]; do
    case ${line%"${line##*[![:space:]]}"} in
      "$CONF_BEGIN") inside=yes ;;
      "$CONF_END") inside='' ;;
      *) [[ -n $inside ]] || printf '%s\n' "$line" ;;
    esac
  done
}

# Prints the value that lines of properties on stdin give to a key, the last one as Java does; fails where none does.
value_of() {
  local wanted=$1 line='' rest='' value='' found=1
  while IFS= read -r line; do
    line=${line%$'\r'}
    # A line that ends with an odd number of backslashes goes on in the next.
    while rest=${line##*[!\\]} && ((${#rest} % 2)) && IFS= read -r rest; do
      rest=${rest%$'\r'}
      line=${line%\\}${rest#"${rest%%[![:space:]]*}"}
    done
    line=${line#"${line%%[![:space:]]*}"}
    [[ $line == "$wanted" || $line == "$wanted"[[:space:]=:]* ]] || continue
    value=${line#"$wanted"}
    value=${value#"${value%%[![:space:]]*}"}
    # One sign may stand between key and value.
    case $value in [=:]*) value=${value:1} ;; esac
    value=${value#"${value%%[![:space:]]*}"}
    value=${value%"${value##*[![:space:]]}"}
    found=0
  done
  ((found == 0)) && printf '%s\n' "$value"
}

# Prints two comma lists as one, in which nothing stands twice.
joined() {
  local item result='' items=()
  IFS=, read -r -a items <<<"$1,$2"
  for item in "${items[@]}"; do
    item=${item#"${item%%[![:space:]]*}"}
    item=${item%"${item##*[![:space:]]}"}
    [[ -n $item && ",$result," != *",$item,"* ]] && result+=${result:+,}$item
  done
  printf '%s\n' "$result"
}

# Prints our lines, as they are to stand below the user's own text.
our_lines() {
  local text=$1 at key value theirs
  printf '%s\n' "$CONF_BEGIN"
  for at in "${!CONF_KEYS[@]}"; do
    key=${CONF_KEYS[at]} value=${CONF_VALUES[at]}
    if theirs=$(value_of "$key" <<<"$text"); then
      case " ${CONF_LISTS[*]-} " in
        # Theirs begins, as the order of listeners may matter to them.
        *" $key "*) value=$(joined "$theirs" "$value") ;;
        *)
          [[ $theirs == "$value" ]] || printf '%s is in the file already, and stays as it is there\n' "$key" >&2
          continue
          ;;
      esac
    fi
    printf '%s %s\n' "$key" "$value"
  done
  printf '%s\n' "$CONF_END"
}

# Prints a file without what is ours, and a full stop, by which an end of empty lines outlives a substitution.
theirs() {
  local status=0
  marked "$1" || status=$?
  ((status < 2)) && without_ours <"$1" && printf .
}

# Lays our properties over a file; where that is theirs already, it stays as it is. Its mode and owner stay.
conf() {
  local file=$1 text='' ours found='0644 0:0'
  if [[ -e $file ]]; then
    # A link to a file elsewhere is followed, as its owner wants it there.
    file=$(readlink -f "$file") && text=$(theirs "$file") && found=$(stat -c '%a %u:%g' "$file") || return
  fi
  # First whole: a pipe would place what a writer that was killed has left.
  ours=$(our_lines "${text%.}") || return
  printf '%s%s\n' "${text%.}" "$ours" | place "$file" "${found% *}" || return
  ((EUID != 0)) || chown "${found#* }" "$file"
}

# Takes our properties out of a file again; one that has none is not touched.
without_conf() {
  local file=$1 text found status=0
  marked "$file" || status=$?
  ((status != 1)) || return 0
  ((status == 0)) || return "$status"
  file=$(readlink -f "$file") && text=$(theirs "$file") && found=$(stat -c '%a %u:%g' "$file") || return
  printf '%s' "${text%.}" | place "$file" "${found% *}" || return
  ((EUID != 0)) || chown "${found#* }" "$file"
}
