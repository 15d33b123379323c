# shellcheck shell=bash
# A machine with a Spark of its own: standalone, a node or an edge node of YARN. A person runs it.
#
# What can be looked at beforehand is, before anything is touched. The properties come last, and only where all that
# they need is in its place. Where a first installation fails, what it had put somewhere goes again; where a later one
# fails, what an earlier one has put on a Spark is still there, and works.
# Settings: AGENT, AGENT_SHA256, BASE, ETC, KEY_FILES, KEY_NAMES, KEYS, LOGS, ONE_S_OWN, RELAY_CONFIG, RELAY_SHA256,
#   SPARK_AT, SPOOL, STATE, WITNESS, WITNESS_SHA256, ACCOUNT, CONF_KEYS, CONF_VALUES.

# Where this script lies, and all other files of the kit.
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)

usage() {
  cat <<'USAGE'
usage: install.sh [--spark-home DIR] [--spark-conf-dir DIR] [--uninstall]

Puts lineage on this machine for every application of its Spark. Running it again changes nothing; the one of a later
kit takes the place of an earlier one.

  --spark-home DIR      the Spark (default: that of the kit, else $SPARK_HOME, else that of spark-submit on PATH)
  --spark-conf-dir DIR  where its spark-defaults.conf is (default: $SPARK_CONF_DIR, else conf in the Spark); sudo
                        hands neither variable on unless it is told to
  --uninstall           take everything away again, but for journals that are still there
USAGE
}

# Prints the folder of the Spark that is meant.
spark_home() {
  local home=${1:-${SPARK_AT:-${SPARK_HOME-}}}
  if [[ -z $home ]] && home=$(command -v spark-submit); then
    home=$(readlink -f "$home") && home=${home%/bin/*}
  fi
  if [[ -z $home ]]; then
    printf 'no Spark was found; name its folder with --spark-home DIR\n' >&2
  elif compgen -G "${home//[\\*?[]/?}/jars/spark-core_*.jar" >/dev/null; then
    readlink -f "$home"
    return
  else
    printf '%s has no jars/spark-core_*.jar, so it is no Spark; name its folder with --spark-home DIR\n' "$home" >&2
  fi
  return 1
}

# Whether all files of the kit lie beside this script.
complete() {
  local name
  while (($# >= 2)); do
    name=$here/$1
    if [[ ! -f $name ]]; then
      printf '%s is missing; copy the whole folder of the kit here\n' "$name" >&2
      return 1
    elif ! intact "$name" "$2"; then
      refused "$name" "$name" "$2"
      return 1
    fi
    shift 2
  done
}

# Whether files can be made in a folder that is there, or that can be made.
takes_files() {
  local folder=$1
  while [[ -n $folder && ! -e $folder ]]; do folder=${folder%/*}; done
  [[ -d ${folder:-/} && -w ${folder:-/} && -x ${folder:-/} ]] && return
  printf '%s cannot be written into\n' "${folder:-/}" >&2
  return 1
}

# Whether the agent is the only one in a folder of JARs: of two, nobody knows which one Spark takes.
sole_agent() {
  local jar
  for jar in "$1"/openlineage-spark_*.jar; do
    [[ -e $jar && $(readlink "$jar") != "$BASE/lib/"* ]] || continue
    [[ ${jar##*/} != "$AGENT" ]] || ! intact "$jar" "$AGENT_SHA256" || continue
    printf '%s is an agent already, and Spark would take either; remove it\n' "$jar" >&2
    return 1
  done
}

# Whether a file of properties can be given ours, and leaves them their effect.
fits_conf() {
  local file=$1 text at value
  if [[ -e $file && ! -f $file ]]; then
    printf '%s is no file\n' "$file" >&2
    return 1
  fi
  [[ ! -e $file ]] || file=$(readlink -f "$file")
  takes_files "${file%/*}" || return
  [[ -e $file ]] || return 0
  text=$(theirs "$file") || return
  for at in "${!CONF_KEYS[@]}"; do
    [[ ${CONF_KEYS[at]} == spark.sparklineage.spool ]] || continue
    value=$(value_of spark.sparklineage.spool <<<"$text")
    [[ -n $value && $value != "${CONF_VALUES[at]}" ]] || continue
    printf '%s says spark.sparklineage.spool %s, where no relay of this kit looks; %s\n' "$file" "$value" \
      'take that line out, or make the kit with that folder as delivery.journal' >&2
    return 1
  done
  [[ $(value_of spark.openlineage.disabled <<<"$text") != true ]] && return
  printf '%s says spark.openlineage.disabled true, so nothing would be traced; take the line out\n' "$file" >&2
  return 1
}

# Whether each key is given to this script, or was to one before.
keys_given() {
  local name status=0
  for name in ${KEY_NAMES[@]+"${KEY_NAMES[@]}"}; do
    [[ -z ${!name-} && ! -s $KEYS/$name ]] || continue
    printf '%s is not set, and the backend wants it; export it, and with sudo give --preserve-env=%s\n' \
      "$name" "$name" >&2
    status=1
  done
  return "$status"
}

# Whether the relay can read the keys that lie somewhere else.
keys_readable() {
  local file advice='make that user first, as README.md says, and chown it to him' status=0
  [[ -z $ONE_S_OWN ]] || advice='chown it to that user'
  for file in ${KEY_FILES[@]+"${KEY_FILES[@]}"}; do
    if ! (as_relay test -r "$file"); then
      printf '%s cannot be read by %s, as whom the relay runs; %s\n' "$file" "$(owner)" \
        "$advice" >&2
      status=1
    elif [[ $(stat -L -c %a "$file") == *[4-7] ]]; then
      printf '%s holds a key that everybody on this machine may read; chmod it to 0400\n' "$file" >&2
    fi
  done
  return "$status"
}

# Records what is about to be made.
begun() {
  local home=$1 file=$2
  note_absent "${file%/*}"
  mkdir -p "${STATE%/*}" && record_absent || return
  [[ -e $file ]] || record file "$file" || return
  record spark "$home" && record conf "$file" && record spool "$SPOOL"
}

# Makes the account of the relay where there is none, and records that.
own_account() {
  id -u "$ACCOUNT" >/dev/null 2>&1 && return
  record account "$ACCOUNT" && account
}

# Makes the folders; whoever installs this for himself alone shares the journals with nobody.
own_folders() {
  folders || return
  [[ -z $ONE_S_OWN ]] || chmod u=rwx,go=,g-s,-t "$SPOOL"
}

# Puts the keys that this script is given where the relay finds them.
keys() {
  local name
  sweep "$KEYS"
  for name in ${KEY_NAMES[@]+"${KEY_NAMES[@]}"}; do
    [[ -n ${!name-} ]] || continue
    record key "$name" && printf '%s\n' "${!name}" | key "$name" || return
  done
}

# Removes the keys of earlier kits that this one does not name.
former_keys() {
  local name
  for name in $(recorded key); do
    case " ${KEY_NAMES[*]-} " in *" $name "*) continue ;; esac
    rm -f "$KEYS/$name" && unrecord key "$name" || return
  done
}

# Delivers what waits in the spool of an earlier kit, where this one's relay will not look. Its relay.json is there yet.
drained() {
  local python line
  line=$(grep -sF '  "spool": ' "$ETC/relay.json") && [[ ${RELAY_CONFIG[*]} != *"$line"* ]] || return 0
  python=$(found_python) || return
  # Whatever becomes of it: what stays is named in the end.
  (as_relay timeout -k 5 90 "$python" "$BASE/relay.pyz" drain --timeout 30 --config "$ETC/relay.json") 9>&-
  return 0
}

# Removes the spools of earlier kits where they are empty, and names the others.
former_spools() {
  local each
  while IFS= read -r each; do
    [[ $each != "$SPOOL" ]] || continue
    rmdir "$each" 2>/dev/null
    if [[ ! -e $each ]]; then
      unrecord spool "$each"
    else
      printf 'the journals in %s stay, and what is written there from now on is not delivered: %s\n' "$each" \
        'when its applications have ended, run install.sh of the earlier kit, and then this one again' >&2
    fi
  done < <(recorded spool)
}

# Gives the Spark its properties.
properties() {
  mkdir -p "${1%/*}" && conf "$1"
}

# Takes the properties out of all files that have them, but for one; and then the links, which they need, out of all
# Sparks but for one.
withdrawn() {
  local home=$1 file=$2 each status=0
  while IFS= read -r each; do
    [[ $each != "$file" ]] || continue
    sweep "${each%/*}"
    if without_conf "$each"; then
      [[ -s $each ]] || ! is_recorded file "$each" || rm -f "$each"
      unrecord conf "$each" && unrecord file "$each"
    else
      printf '%s may still name the listeners, so their JARs stay\n' "$each" >&2
      status=1
    fi
  done < <(recorded conf)
  ((status == 0)) || return
  while IFS= read -r each; do
    [[ $each != "$home" ]] || continue
    sweep "$each/jars"
    without_jars "$each/jars" && unrecord spark "$each" || status=1
  done < <(recorded spark)
  return "$status"
}

# Takes everything off the Sparks before this one; where that is not possible they keep it, and what it needs.
former_spark() {
  local each
  while IFS= read -r each; do
    [[ $each == "$1" ]] || printf 'what was put on %s goes\n' "$each" >&2
  done < <(recorded spark)
  withdrawn "$1" "$2" && surplus
  return 0
}

# Takes everything away, the journals aside. What cannot be taken away stays, with what it needs, and the rest goes.
removed() {
  local each status=0 folders=()
  if [[ -e $RECORD ]]; then
    # First of all the properties, which name listeners.
    withdrawn '' '' || status=1
    without_relay
    for each in "$BASE/lib" "$ETC" "$KEYS" "${STATE%/*}" "$BASE"; do
      sweep "$each"
    done
    while IFS= read -r each; do
      rm -f "$KEYS/$each" && unrecord key "$each"
    done < <(recorded key)
    while IFS= read -r each; do
      # Where it is empty: the journals belong to others.
      rmdir "$each" 2>/dev/null
      [[ -e $each ]] || unrecord spool "$each"
    done < <(recorded spool)
    if [[ -z $(recorded spool) ]]; then
      rm -rf "$STATE"
      while IFS= read -r each; do
        ! id -u "$each" >/dev/null 2>&1 || userdel "$each"
        unrecord account "$each"
      done < <(recorded account)
    fi
    if ((status == 0)); then
      rm -f "$BASE"/lib/openlineage-spark_*.jar "$BASE"/lib/sparklineage-*.jar
      [[ ! -L $BASE/spark ]] || rm -f "$BASE/spark"
    fi
    while IFS= read -r each; do folders+=("$each"); done < <(recorded folder)
    [[ -n $(recorded spool)$(recorded spark)$(recorded conf) ]] || rm -f "$RECORD"
  fi
  unlogged
  rm -f "$BASE/.lock" "$LOGS"/bootstrap.log "$LOGS"/relay.log*
  rmdir "$KEYS" "$BASE/lib" "$ETC" "$LOGS" "$BASE" 2>/dev/null
  [[ -e $RECORD ]] || rmdir "${STATE%/*}" 2>/dev/null
  without_folders ${folders[@]+"${folders[@]}"}
  return "$status"
}

# All steps of an installation; ends the shell.
installed() {
  local home file
  attempt 'Spark' spark_home "$1"
  home=$(spark_home "$1")
  file=$(readlink -m "${2:-${SPARK_CONF_DIR:-$home/conf}}")/spark-defaults.conf
  attempt 'files' complete "$AGENT" "$AGENT_SHA256" "$WITNESS" "$WITNESS_SHA256" relay.pyz "$RELAY_SHA256"
  attempt 'Spark' fitting "$home/jars"
  attempt 'Spark' sole_agent "$home/jars"
  attempt 'Spark' takes_files "$home/jars"
  attempt 'configuration' fits_conf "$file"
  attempt 'keys' keys_given
  attempt 'relay' found_python
  # From here on something is made.
  attempt 'record' begun "$home" "$file"
  [[ -n $ONE_S_OWN ]] || attempt 'account' own_account
  attempt 'keys' keys_readable
  attempt 'folders' own_folders
  sweep "$BASE/lib"
  sweep "$home/jars"
  attempt 'files' fetch_all "$here/$AGENT" "$AGENT_SHA256" "$BASE/lib/$AGENT" \
    "$here/$WITNESS" "$WITNESS_SHA256" "$BASE/lib/$WITNESS" "$here/relay.pyz" "$RELAY_SHA256" "$BASE/relay.pyz"
  # By this name the steps that follow know the Spark.
  attempt 'Spark' linked "$home" "$BASE/spark"
  attempt 'agent' expose_agent
  attempt 'witness' witness
  attempt 'keys' keys
  attempt 'former journals' drained
  attempt 'relay' relay
  attempt 'configuration' properties "$file"
  attempt 'former Spark' former_spark "$home" "$file"
  attempt 'former journals' former_spools
  attempt 'former keys' former_keys
  # Whatever it says: the relay tries again for as long as it takes.
  asked
  say "the properties are in $file"
  told "$home" "$file"
  end
}

# Says what is traced from now on.
told() {
  local home=$1 file=$2 type
  type=$(theirs "$file" | value_of spark.openlineage.transport.type)
  if [[ -n $type ]]; then
    say "every application of $home is traced now; its events go by the transport $type that $file says itself"
  else
    say "every application of $home is traced now"
  fi
}

# Installs everything. Where that fails, nothing of a first installation stays, and all of an earlier one.
install() {
  local fresh=yes status=0 each homes files names
  homes=$(recorded spark) files=$(recorded conf) names=$(recorded key)
  # With the properties it begins to be one.
  while IFS= read -r each; do
    marked "$each" 2>/dev/null
    (($? == 1)) || fresh=''
  done <<<"$files"
  # Who stops it stops the steps, and not what follows them.
  trap : INT TERM
  (installed "$1" "$2") || status=$?
  if ((status != 0)) && [[ -n $fresh ]]; then
    removed >/dev/null 2>&1
  elif ((status != 0)); then
    restored "$homes" "$files" "$names" >/dev/null 2>&1
  fi
  exit "$status"
}

# Takes off again what a run has put on another Spark than those before it, and its keys; what these were is given as
# lines of Sparks, of files and of names.
restored() {
  local each
  while IFS= read -r each; do
    [[ $'\n'$3$'\n' == *$'\n'"$each"$'\n'* ]] && continue
    rm -f "$KEYS/$each" && unrecord key "$each"
  done < <(recorded key)
  while IFS= read -r each; do
    [[ $'\n'$2$'\n' == *$'\n'"$each"$'\n'* ]] && continue
    without_conf "$each" || return
    [[ -s $each ]] || ! is_recorded file "$each" || rm -f "$each"
    unrecord conf "$each" && unrecord file "$each"
  done < <(recorded conf)
  while IFS= read -r each; do
    [[ $'\n'$1$'\n' == *$'\n'"$each"$'\n'* ]] && continue
    without_jars "$each/jars" && unrecord spark "$each"
  done < <(recorded spark)
  linked "${1%%$'\n'*}" "$BASE/spark"
}

uninstall() {
  local each
  attempt 'uninstall' removed
  # Its folder is gone.
  unlogged
  while IFS= read -r each; do
    say "the journals in $each stay, and $STATE tells what of them was delivered; remove both if nobody needs them"
  done < <(recorded spool)
  end
}

machine() {
  local action=install home='' conf=''
  while (($# > 0)); do
    case $1 in
      --uninstall) action=uninstall ;;
      --spark-home=*) home=${1#*=} ;;
      --spark-conf-dir=*) conf=${1#*=} ;;
      --spark-home | --spark-conf-dir)
        if [[ -z ${2-} ]]; then
          printf 'install.sh: %s takes a folder\n' "$1" >&2
          exit 2
        fi
        if [[ $1 == --spark-home ]]; then home=$2; else conf=$2; fi
        shift
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      *)
        printf 'install.sh: %q is no option; see --help\n' "$1" >&2
        exit 2
        ;;
    esac
    shift
  done
  if ((EUID != 0)) && [[ -z $ONE_S_OWN ]]; then
    printf 'install.sh: this takes root, as it is for all users; a kit made with --prefix DIR is for one user alone\n' >&2
    exit 1
  fi
  ours_or_empty || exit
  note_absent "$BASE" "$ETC" "${STATE%/*}" "$SPOOL" "$LOGS"
  begin
  alone
  "$action" "$home" "$conf"
}

machine "$@"
