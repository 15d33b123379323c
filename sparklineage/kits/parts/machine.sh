# shellcheck shell=bash
# A machine with a Spark of its own: standalone, a node or an edge node of YARN. A person runs it.
#
# The properties come last, and only where all that they need is in its place. Where a first installation fails, what it
# had put somewhere goes again; where a later one fails, the listeners that the properties name are still there.
# Settings: AGENT, AGENT_SHA256, BASE, ETC, KEY_FILES, KEY_NAMES, KEYS, LOGS, ONE_S_OWN, RELAY_SHA256, SPARK_AT, SPOOL,
#   STATE, WITNESS, WITNESS_SHA256, ACCOUNT.

# Where this script lies, and all other files of the kit.
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)

usage() {
  cat <<'USAGE'
usage: install.sh [--spark-home DIR] [--uninstall]

Puts lineage on this machine for every application of its Spark. Running it again changes nothing; the one of a later
kit takes the place of an earlier one.

  --spark-home DIR  the Spark (default: that of the kit, else $SPARK_HOME, else that of spark-submit on PATH)
  --uninstall       take everything away again, but for journals that are still there
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

# Whether all files of the kit lie beside this script, before anything is done.
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

# Names the Spark in our own folder, where all other steps find it; what is on another one goes.
named() {
  local home=$1 conf=$2
  if [[ -L $BASE/spark ]] && [[ $(readlink "$BASE/spark") != "$home" || $(readlink "$BASE/conf") != "$conf" ]]; then
    printf 'what was put on %s goes\n' "$(readlink "$BASE/spark")" >&2
    from_spark || return
  fi
  linked "$home" "$BASE/spark" && linked "$conf" "$BASE/conf"
}

# Takes everything off the Spark; first of all the properties, which name listeners.
from_spark() {
  without_conf "$BASE/conf/spark-defaults.conf" || return
  [[ -s $BASE/conf/spark-defaults.conf ]] || rm -f "$BASE/conf/spark-defaults.conf"
  without_jars
}

# Makes the folders; whoever installs this for himself alone shares the journals with nobody.
own_folders() {
  folders || return
  [[ -z $ONE_S_OWN ]] || chmod u=rwx,go=,g-s,-t "$SPOOL"
}

# Puts the keys that this script is given where the relay finds them, and looks at those that lie somewhere else.
keys() {
  local name file status=0
  sweep "$KEYS"
  for name in ${KEY_NAMES[@]+"${KEY_NAMES[@]}"}; do
    if [[ -n ${!name-} ]]; then
      printf '%s\n' "${!name}" | key "$name" || status=1
    elif [[ ! -s $KEYS/$name ]]; then
      printf '%s is not set, and the backend wants it; export it, and with sudo give --preserve-env=%s\n' \
        "$name" "$name" >&2
      status=1
    fi
  done
  for file in ${KEY_FILES[@]+"${KEY_FILES[@]}"}; do
    if ! (as_relay test -r "$file"); then
      printf '%s cannot be read by %s, as whom the relay runs; chown it to that user, with the mode 0400\n' \
        "$file" "$(owner)" >&2
      status=1
    elif [[ $(stat -L -c %a "$file") == *[4-7] ]]; then
      printf '%s holds a key that everybody on this machine may read; chmod it to 0400\n' "$file" >&2
    fi
  done
  return "$status"
}

# Gives the Spark its properties.
properties() {
  mkdir -p "$(readlink "$BASE/conf")" && conf "$BASE/conf/spark-defaults.conf"
}

# Takes everything away, the journals aside.
removed() {
  local each
  from_spark || return
  without_relay
  unlogged
  for each in "$BASE/lib" "$BASE/spark/jars" "$BASE/conf" "$ETC" "${STATE%/*}" "$BASE"; do
    sweep "$each"
  done
  rm -rf "$KEYS" "$BASE/spark" "$BASE/conf" "$BASE/.lock"
  rm -f "$LOGS"/bootstrap.log "$LOGS"/relay.log*
  # The folders where they are empty then: others may have put something there.
  rmdir "$SPOOL" 2>/dev/null
  if [[ ! -e $SPOOL ]]; then
    rm -rf "$STATE"
    [[ -n $ONE_S_OWN ]] || ! id -u "$ACCOUNT" >/dev/null 2>&1 || userdel "$ACCOUNT"
  fi
  rmdir "${SPOOL%/*}" "${STATE%/*}" "$BASE/lib" "$ETC" "$LOGS" "$BASE" 2>/dev/null
  return 0
}

# All steps of an installation; ends the shell.
installed() {
  local home conf
  attempt 'Spark' spark_home "$1"
  home=$(spark_home "$1")
  conf=$(readlink -f "${SPARK_CONF_DIR:-$home/conf}")
  attempt 'files' complete "$AGENT" "$AGENT_SHA256" "$WITNESS" "$WITNESS_SHA256" relay.pyz "$RELAY_SHA256"
  attempt 'folder' mkdir -p "$BASE"
  attempt 'Spark' named "$home" "$conf"
  attempt 'Spark' fitting
  [[ -n $ONE_S_OWN ]] || attempt 'account' account
  attempt 'folders' own_folders
  sweep "$BASE/lib"
  sweep "$home/jars"
  attempt 'files' fetch_all "$here/$AGENT" "$AGENT_SHA256" "$BASE/lib/$AGENT" \
    "$here/$WITNESS" "$WITNESS_SHA256" "$BASE/lib/$WITNESS" "$here/relay.pyz" "$RELAY_SHA256" "$BASE/relay.pyz"
  attempt 'agent' agent
  attempt 'witness' witness
  attempt 'keys' keys
  attempt 'relay' relay
  attempt 'configuration' properties
  # Whatever it says: the relay tries again for as long as it takes.
  asked
  say "every application of $home is traced now"
  end
}

# Installs everything. Where that fails, nothing of a first installation stays.
install() {
  local fresh='' status=0
  # With the properties it begins to be one.
  grep -qsF "$CONF_BEGIN" "$BASE/conf/spark-defaults.conf" || fresh=yes
  # Who stops it stops the steps, and not what follows them.
  trap : INT TERM
  (installed "$1") || status=$?
  ((status == 0)) || [[ -z $fresh ]] || removed >/dev/null 2>&1
  exit "$status"
}

uninstall() {
  attempt 'uninstall' removed
  # Its folder is gone.
  unlogged
  if [[ -e $SPOOL ]]; then
    say "the journals in $SPOOL stay, and $STATE tells what of them was delivered; remove both if nobody needs them"
  fi
  end
}

machine() {
  local action=install home=''
  while (($# > 0)); do
    case $1 in
      --uninstall) action=uninstall ;;
      --spark-home=*) home=${1#*=} ;;
      --spark-home)
        if [[ -z ${2-} ]]; then
          printf 'install.sh: --spark-home takes a folder\n' >&2
          exit 2
        fi
        home=$2
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
  begin
  alone
  "$action" "$home"
}

machine "$@"
