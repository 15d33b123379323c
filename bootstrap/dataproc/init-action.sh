#!/bin/bash
# Puts lineage on a node of Dataproc, as an initialization action, for 2.2.
# Made by sparklineage. Whatever goes wrong here, the cluster and its jobs start all the same, unless the kit
# was made with --strict.
# Agent 1.53.0 for Scala 2.12: asked for by conf/sparklineage.yml:24:3, runs on 2.2.
#
# For bash 4.2 or later. The settings first; everything below them is the same in every script.
# shellcheck disable=SC2329 # functions are handed to `guarded` and `attempt` by their names

readonly -a ABSENT_BASE64=()
readonly ABSENT_SHA256=''
readonly ACCOUNT=sparklineage
readonly AGENT=openlineage-spark_2.12-1.53.0.jar
readonly AGENT_FROM=gs://example-lineage/jars/openlineage-spark_2.12-1.53.0.jar
readonly AGENT_SHA256=9fe28ee2e5b2cb535cd51b6572394bddeb684bf0c58650a698cf7724ce62d94d
readonly BASE=/opt/sparklineage
readonly CONF_FILE=/etc/spark/conf/spark-defaults.conf
readonly -a CONF_KEYS=(
  spark.extraListeners
  spark.redaction.regex
  spark.openlineage.capturedProperties
  spark.sparklineage.spool
  spark.openlineage.namespace
  spark.openlineage.facets.spark.logicalPlan.disabled
  spark.openlineage.job.owners.team
  spark.openlineage.job.tags
  spark.openlineage.columnLineage.datasetLineageEnabled
)
readonly -a CONF_LISTS=(spark.extraListeners spark.openlineage.capturedProperties)
readonly -a CONF_VALUES=(
  'io.sparklineage.Witness,io.openlineage.spark.agent.OpenLineageSparkListener'
  '(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)'
  'spark.master,spark.app.name,spark.sparklineage.step'
  /var/lib/sparklineage/journal
  prod.flights.analytics
  true
  data-platform
  'domain:flights;tier:gold'
  true
)
readonly ETC=/etc/sparklineage
readonly JARS_BY=link
readonly KEYS=/run/sparklineage/keys
readonly -a KEY_NAMES=(OPENLINEAGE_API_KEY)
readonly LIMIT=420
readonly LISTENER=io.openlineage.spark.agent.OpenLineageSparkListener
readonly LOGS=/var/log/sparklineage
readonly -a PYTHONS=(
  python3
  /usr/bin/python3
  python3.13
  python3.12
  python3.11
  python3.10
  python3.9
  /opt/conda/default/bin/python3
)
readonly RELAY_BY=''
readonly -a RELAY_CONFIG=(
  '{'
  '  "format": 1,'
  '  "platform": "dataproc",'
  '  "spool": "/var/lib/sparklineage/journal",'
  '  "state": "/var/lib/sparklineage/relay",'
  '  "log": {'
  '    "file": "/var/log/sparklineage/relay.log",'
  '    "size": 10000000,'
  '    "files": 5'
  '  },'
  '  "backend": {'
  '    "url": "https://marquez.example.com",'
  '    "endpoint": "api/v1/lineage",'
  '    "apiKey": "file:/run/sparklineage/keys/OPENLINEAGE_API_KEY",'
  '    "headers": {},'
  '    "params": {},'
  '    "compression": null,'
  '    "timeout": 10.0,'
  '    "marquez": false,'
  '    "proxy": null,'
  '    "caFile": null'
  '  },'
  '  "region": null,'
  '  "retry": {'
  '    "first": 0.25,'
  '    "longest": 30.0'
  '  },'
  '  "keep": {'
  '    "size": 1073741824,'
  '    "age": 7776000.0,'
  '    "hard": 4294967296'
  '  },'
  '  "governance": {'
  '    "pii": false,'
  '    "classification": "internal",'
  '    "retention": "P5Y",'
  '    "encryption": "aes-256"'
  '  },'
  '  "namespace": "prod.flights.analytics",'
  '  "info": null'
  '}'
)
readonly -a RELAY_ENV=()
readonly RELAY_FROM=gs://example-lineage/jars/relay.pyz
readonly RELAY_MEMORY=256M
readonly RELAY_SHA256=b3511694b1636e89a989ba6fada78800f4b3e3d0b6a52736c8a98060998c5e10
readonly SCALA=2.12
readonly SERVICE=sparklineage-relay
readonly -a SPARK_JARS=(/usr/lib/spark/jars)
readonly SPOOL=/var/lib/sparklineage/journal
readonly STATE=/var/lib/sparklineage/relay
readonly STRICT=''
readonly WITNESS=sparklineage-witness-0.1.0.jar
readonly -a WITNESS_BASE64=()
readonly WITNESS_FROM=gs://example-lineage/jars/sparklineage-witness-0.1.0.jar
readonly WITNESS_SHA256=0441b678ef85d42bf6a45dde3d88bf5cbf95a8c802e01ba13b3def73fa2f75fe

# What the script says: each line with its time into a log, and to the stderr that the platform keeps.

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

# Limits: no command runs for ever, no step takes the others with it, and no failure takes the node with it.

# What failed so far, as `step: cause`.
failures=()
# Not empty where a failure is to end the script.
strictly=$STRICT

# Runs a command for at most so many seconds, and never beyond the limit of the whole script.
limited() {
  local seconds=$1 left=$((LIMIT - SECONDS))
  shift
  ((left > 0)) || left=1
  ((seconds <= left)) || seconds=$left
  # A command that outlives this script must not keep its lock.
  timeout -k 5 "$seconds" "$@" 9>&-
}

# Runs a step in a shell of its own, where neither `exit` nor an unset variable reaches the others, and returns its
# status. What it writes to stderr is logged; the last line of that is the cause. Strict, a failure ends the script.
attempt() {
  local step=$1 text='' line='' cause='' status=0
  shift
  if ((SECONDS < LIMIT)); then
    text=$("$@" 2>&1 >/dev/null </dev/null) || status=$?
  else
    status=124
  fi
  while IFS= read -r line; do
    [[ $line == *[![:space:]]* ]] || continue
    cause=$line
    say "$step: $line"
  done <<<"$text"
  ((status == 0)) && return 0
  case $status in
    124 | 137) cause="it took too long${cause:+; the last that it said: $cause}" ;;
    *) cause=${cause:-it ended with status $status} ;;
  esac
  failures+=("$step: $cause")
  [[ -n $strictly ]] && end
  say "$step failed, and the node goes on without: $cause"
  return "$status"
}

# Waits a little for another run of this script; two at once would clean up each other's files.
alone() {
  command -v flock >/dev/null || return 0
  { mkdir -p "$BASE" && exec 9>>"$BASE/.lock"; } 2>/dev/null || return 0
  flock -w 60 9 || say 'another run still holds the lock; going on all the same'
}

# Ends the script: with 0 unless it is strict and something failed, of which the last line tells.
end() {
  if ((${#failures[@]} == 0)); then
    say "done in $SECONDS s"
    exit 0
  fi
  if [[ -n $strictly ]]; then
    say "failed: ${failures[0]}"
    exit 1
  fi
  local IFS=';'
  say "done in $SECONDS s; not everything is there: ${failures[*]}"
  exit 0
}

# Runs a function as root if that can be had, else as whoever this is, in another process; returns its status.
once() {
  local main=$1 status=0
  shift
  # The script again as a whole: one sudo instead of one for each command, and no command of ours that lacks it.
  if ((EUID != 0)) && [[ -f $0 && -r $0 ]] && timeout 10 sudo -n true 2>/dev/null; then
    sudo -n --preserve-env="$kept" -- bash -- "$0" "$@" || status=$?
    # 1 is what sudo says too where it refuses the variables.
    if ((status == 1)) && ! sudo -n --preserve-env="$kept" -- true 2>/dev/null; then
      status=0
      sudo -n -- bash -- "$0" "$@" || status=$?
    fi
  else
    ("$main" "$@") || status=$?
  fi
  return "$status"
}

# Runs a function as `once` does, whatever becomes of which is 0 here unless the script is strict. For the last line of
# a script: everything is read by then.
guarded() {
  local status=0 word
  for word in "${@:2}"; do
    [[ $word == --strict ]] && strictly=yes
  done
  once "$@" || status=$?
  # Killed, for want of memory perhaps: without the listeners no job would start, and it may well succeed now.
  if ((status > 128)); then
    status=0
    once "$@" || status=$?
  fi
  [[ -n $strictly ]] || exit 0
  # With 1 the line has been said already.
  ((status <= 1)) || printf 'sparklineage: failed: the script ended early, with status %s\n' "$status" >&2
  ((status == 0)) || exit 1
  exit 0
}

# Variables that sudo is to hand on: how the outside is reached, and where the aws command finds its services.
kept=http_proxy,https_proxy,no_proxy,HTTP_PROXY,HTTPS_PROXY,NO_PROXY,AWS_REGION,AWS_DEFAULT_REGION,AWS_CA_BUNDLE
kept+=,AWS_ENDPOINT_URL,AWS_ENDPOINT_URL_S3,AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY,AWS_SESSION_TOKEN

# Files come into their place whole or not at all: written beside it, looked at, and renamed.

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

# Files from where the kit was uploaded to, by the platform's own means and with the identity of the node.

# Copies what an address names to a file; nothing but the file itself may come of it.
copied() {
  local from=$1 to=$2
  case $from in
    s3://*)
      # The instance role; three tries, each of which gives up in time. No pager, as nobody is there to turn its pages.
      AWS_MAX_ATTEMPTS=3 AWS_PAGER='' limited 180 aws s3 cp --only-show-errors \
        --cli-connect-timeout 5 --cli-read-timeout 30 "$from" "$to"
      ;;
    gs://*)
      if command -v gcloud >/dev/null; then
        CLOUDSDK_CORE_DISABLE_PROMPTS=1 limited 180 gcloud storage cp --quiet "$from" "$to"
      else
        limited 180 gsutil -q cp "$from" "$to"
      fi
      ;;
    /*)
      # A mount may hang.
      limited 180 dd if="$from" of="$to" bs=1M status=none
      ;;
    *)
      printf '%s: no way is known to fetch from there\n' "$from" >&2
      return 1
      ;;
  esac
}

# Fetches an address into a file that has this SHA-256; nothing is asked where the file is there already.
fetch() {
  local from=$1 sha256=$2 target=$3 new
  intact "$target" "$sha256" && return
  mkdir -p "${target%/*}" || return
  new=$(mktemp "${target%/*}/.sparklineage.XXXXXX") || return
  if ! copied "$from" "$new"; then
    rm -f "$new"
    return 1
  fi
  if ! intact "$new" "$sha256"; then
    refused "$from" "$new" "$sha256"
    rm -f "$new"
    return 1
  fi
  chmod 0644 "$new" && mv -fT "$new" "$target" && return
  rm -f "$new"
  return 1
}

# Fetches several at once, given as address, SHA-256, file, … All are tried, whatever becomes of one of them.
fetch_all() {
  local each pids=() status=0
  while (($# >= 3)); do
    fetch "$1" "$2" "$3" &
    pids+=($!)
    shift 3
  done
  for each in "${pids[@]}"; do
    wait "$each" || status=$?
  done
  return "$status"
}

# The JARs in Spark's own folder, where no --jars and no --driver-class-path displaces them.
#
# A listener that is named in Spark's configuration and is not on the class path stops every application. So the small
# JARs travel inside this script, and come first of all: the witness, and an empty class in the agent's name, which
# Spark leaves out with a line in its log. Whatever happens to the rest, a job starts.

# The name of the JAR that stands in for the agent.
readonly ABSENT=sparklineage-absent.jar

# Whether an agent is in a folder; a link that leads nowhere is none.
agent_in() {
  local jar
  for jar in "$1"/openlineage-spark_*.jar; do
    [[ -f $jar ]] && return 0
  done
  return 1
}

# Whether a JAR in a folder of Spark's was put there by us: by its name, or because it comes from our own folder.
ours() {
  local name=${1##*/}
  case $name in sparklineage-*) return 0 ;; esac
  [[ $(readlink "$1") == "$BASE/lib/"* ]] && return 0
  [[ $JARS_BY == copy && -e $BASE/lib/$name ]]
}

# Shows a JAR of our folder in one of Spark's, as a link or a copy.
expose() {
  local name=$1 sha256=$2 folder=$3
  if [[ -e $folder/$name ]] && ! ours "$folder/$name"; then
    printf '%s is a file of somebody else, and stays\n' "$folder/$name" >&2
  elif [[ $JARS_BY == copy ]]; then
    intact "$folder/$name" "$sha256" || place "$folder/$name" 0644 "$sha256" <"$BASE/lib/$name"
  else
    linked "$BASE/lib/$name" "$folder/$name"
  fi
}

# Removes what is ours in a folder of Spark's and begins with a name, but for one; tells of what is not ours.
retire() {
  local folder=$1 prefix=$2 kept=$3 jar
  for jar in "$folder/$prefix"*.jar; do
    [[ -e $jar || -L $jar ]] || continue
    if [[ ${jar##*/} == "$kept" ]]; then
      continue
    elif ours "$jar"; then
      rm -f "$jar"
    else
      printf '%s is beside ours, and one of them will not be used; remove it\n' "$jar" >&2
    fi
  done
}

# Prints the bytes of lines of base64.
unpacked() {
  printf '%s\n' "$@" | base64 -d
}

# The very first step: every folder of Spark's gets a class for each listener that the configuration names.
shield() {
  local folder stored=yes status=0
  sweep "$BASE/lib"
  # A damaged agent is worse than none; its link then leads nowhere.
  intact "$BASE/lib/$AGENT" "$AGENT_SHA256" || rm -f "$BASE/lib/$AGENT"
  unpacked "${WITNESS_BASE64[@]}" | place "$BASE/lib/$WITNESS" 0644 "$WITNESS_SHA256" || stored='' status=1
  for folder in "${SPARK_JARS[@]}"; do
    mkdir -p "$folder" || status=1
    sweep "$folder"
    # Where our own folder takes no files, Spark's may.
    if [[ -z $stored ]] || ! expose "$WITNESS" "$WITNESS_SHA256" "$folder"; then
      unpacked "${WITNESS_BASE64[@]}" | place "$folder/$WITNESS" 0644 "$WITNESS_SHA256" || status=1
    fi
    # Never beside an agent: Spark takes the class from either.
    agent_in "$folder" || unpacked "${ABSENT_BASE64[@]}" | place "$folder/$ABSENT" 0644 "$ABSENT_SHA256" || status=1
    [[ -e $folder/$WITNESS ]] && retire "$folder" sparklineage-witness- "$WITNESS"
  done
  return "$status"
}

# Puts the agent that was fetched in the place of its stand-in and of older ones.
agent() {
  # Last, as by the files of our own folder we know our copies.
  expose_agent && surplus
}

# Shows the agent in each of Spark's folders.
expose_agent() {
  local folder status=0
  if ! intact "$BASE/lib/$AGENT" "$AGENT_SHA256"; then
    printf '%s is not there\n' "$BASE/lib/$AGENT" >&2
    return 1
  fi
  for folder in "${SPARK_JARS[@]}"; do
    if expose "$AGENT" "$AGENT_SHA256" "$folder" && agent_in "$folder"; then
      # The agent first: at no time is there none of the two.
      rm -f "$folder/$ABSENT"
      retire "$folder" openlineage-spark_ "$AGENT"
    else
      status=1
    fi
  done
  return "$status"
}

# Removes the JARs of our own folder that are none of this kit.
surplus() {
  local jar
  for jar in "$BASE"/lib/*.jar; do
    case ${jar##*/} in "$AGENT" | "$WITNESS") ;; *) rm -f "$jar" ;; esac
  done
}

# Takes our links out of folders of Spark's.
without_jars() {
  local folder jar status=0
  for folder in "$@"; do
    for jar in "$folder"/openlineage-spark_*.jar "$folder"/sparklineage-*.jar; do
      [[ $(readlink "$jar") != "$BASE/lib/"* ]] || rm -f "$jar" || status=1
    done
  done
  return "$status"
}

# The account of the relay, and the folders of the node.

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

# The relay: its configuration, and what keeps it running. It is touched only where something about it has changed.

# The least Python that the relay runs on.
readonly OLDEST='import sys; sys.exit(sys.version_info < (3, 9))'

# Prints the first of the Pythons that the relay runs on. Its account tries, as some are of root alone.
found_python() {
  local name path
  reachable || return
  for name in "${PYTHONS[@]}"; do
    path=$(command -v "$name") || continue
    # A unit of systemd has its own ideas of other letters.
    [[ $path != *[!A-Za-z0-9_./+-]* ]] || continue
    (as_relay timeout -k 5 10 "$path" -I -S -c "$OLDEST" </dev/null >/dev/null 2>&1 9>&-) || continue
    printf '%s\n' "$path"
    return
  done
  printf 'there is no Python 3.9 or later (tried %s)\n' "${PYTHONS[*]}" >&2
  return 1
}

# Fields of the facet of the cluster, as members of an object of JSON.
place_of_node=''

# Adds a field that only the node knows, where it has a value of plain letters.
located() {
  local name=$1 value=$2
  [[ ${#value} -le 256 && $value =~ ^[A-Za-z0-9_.:/-]+$ ]] || return 0
  place_of_node+="${place_of_node:+, }\"$name\": \"$value\""
}

# Prints relay.json.
relay_config() {
  printf '%s\n' "${RELAY_CONFIG[0]}"
  [[ -z $place_of_node ]] || printf '  "cluster": {%s},\n' "$place_of_node"
  printf '%s\n' "${RELAY_CONFIG[@]:1}"
}

# Whether systemd runs this machine; its command alone says nothing.
systemd() {
  [[ $RELAY_BY != loop && -d /run/systemd/system ]] && ((EUID == 0)) && command -v systemctl >/dev/null
}

# Prints a path as a unit of systemd takes it.
in_unit() {
  local text=${1//\\/\\\\}
  text=${text//%/%%}
  printf '"%s"' "${text//\"/\\\"}"
}

# Prints the unit.
unit() {
  local python=$1 user=$2
  cat <<UNIT
# Made by sparklineage.
[Unit]
Description=Delivers the lineage of Spark applications from $(in_unit "$SPOOL")
Wants=network-online.target
After=network-online.target
# However long the backend or the way to it is gone, it is tried again.
StartLimitIntervalSec=0

[Service]
ExecStart=$python $BASE/relay.pyz watch --config $ETC/relay.json
User=$user
# Variables for it, if somebody wants any.
EnvironmentFile=-$ETC/relay.env
Restart=always
RestartSec=5
TimeoutStopSec=30
UMask=0027
# It gives way to everything else on the node.
Nice=10
MemoryMax=$RELAY_MEMORY
TasksMax=128
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ReadWritePaths=$(in_unit "$SPOOL") $(in_unit "$STATE") $(in_unit "$LOGS")
ProtectHome=read-only
PrivateDevices=yes
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictSUIDSGID=yes
LockPersonality=yes
# No ProtectProc: whether a driver still lives is seen in /proc.

[Install]
WantedBy=multi-user.target
UNIT
}

# Prints the loop that stands in for systemd; all that it needs comes as arguments.
loop() {
  cat <<'LOOP'
#!/bin/bash
# Made by sparklineage: runs a command anew whenever it ends, until it is told to stop itself.
trap 'kill "$child" 2>/dev/null; wait; exit 0' TERM INT
trap '' HUP
while :; do
  "$@" &
  child=$!
  wait "$child"
  sleep 5 &
  child=$!
  wait "$child"
done
LOOP
}

# Prints the process of a loop that runs; a number that somebody else has got since is none.
looping() {
  local pid=''
  { read -r pid <"$STATE.pid"; } 2>/dev/null
  [[ $pid =~ ^[0-9]+$ ]] && { tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -qF "$BASE/relay-loop.sh" &&
    printf '%s\n' "$pid"
}

# Stops a loop, with what it runs.
stop_loop() {
  local pid tries
  pid=$(looping) || return 0
  # It leads a session of its own.
  kill -TERM "-$pid" 2>/dev/null
  for ((tries = 0; tries < 50; tries++)); do
    kill -0 "-$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "-$pid" 2>/dev/null
  rm -f "$STATE.pid"
}

# Whether this shell can run something as the relay's account.
reachable() {
  ((EUID != 0)) || [[ $(owner) == "$(id -un)" ]] || command -v setpriv >/dev/null || command -v runuser >/dev/null &&
    return
  printf 'there is neither setpriv nor runuser to run the relay as %s\n' "$(owner)" >&2
  return 1
}

# Runs a command as the relay's account in place of this shell, with the variables that it is to have and no other.
as_relay() {
  local name user
  user=$(owner)
  for name in $(compgen -e); do
    case " PATH LANG LC_ALL ${RELAY_ENV[*]-} " in *" $name "*) ;; *) unset "$name" 2>/dev/null ;; esac
  done
  # setpriv leaves no process in between, whose signals would not reach the relay.
  if ((EUID != 0)) || [[ $user == "$(id -un)" ]]; then
    exec "$@"
  elif command -v setpriv >/dev/null; then
    exec setpriv --reuid "$user" --regid "$(id -gn "$user")" --clear-groups --no-new-privs "$@"
  elif reachable; then
    exec runuser -u "$user" -- "$@"
  fi
  return 1
}

# Starts the loop. Whoever is killed in the middle leaves none that the next run does not find.
start_loop() {
  local python=$1 pid tries text
  text=$(loop) || return
  printf '%s\n' "$text" | place "$BASE/relay-loop.sh" 0755 || return
  (
    # First its number, by itself, and until it is the loop it keeps the lock that the next run waits for. The number is
    # of the loop: setsid replaces the shell, as does what follows.
    pid=$BASHPID
    printf '%s\n' "$pid" | place "$STATE.pid" 0644 || exit
    # All of its output is the relay's own log; the shell that asked for it waits for every open end.
    exec </dev/null >/dev/null 2>&1 3>&-
    cd / || exit
    umask 027
    as_relay setsid bash "$BASE/relay-loop.sh" "$python" "$BASE/relay.pyz" watch --config "$ETC/relay.json" 9>&-
  ) &
  pid=$!
  for ((tries = 0; tries < 100; tries++)); do
    [[ $(looping) == "$pid" ]] && return
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  printf 'the loop of the relay does not start\n' >&2
  return 1
}

# Prints what the relay that runs was started with: if it is the same as now, nothing has changed.
version_of_relay() {
  local python=$1
  printf '%s %s %s\n' "$python" "$(digest "$BASE/relay.pyz")" "$(digest "$ETC/relay.json")"
  if systemd; then unit "$python" "$(owner)"; else loop; fi
}

# Writes the configuration and sees to it that exactly one relay runs, the present one.
relay() {
  local python version text
  sweep "$BASE"
  sweep "$ETC"
  sweep "${STATE%/*}"
  python=$(found_python) || return
  if [[ ! -s $BASE/relay.pyz ]]; then
    printf '%s is not there\n' "$BASE/relay.pyz" >&2
    return 1
  fi
  # First whole: a pipe would place what a writer that was killed has left.
  text=$(relay_config) || return
  printf '%s\n' "$text" | place "$ETC/relay.json" 0644 || return
  version=$(version_of_relay "$python") || return
  if systemd; then
    sweep /etc/systemd/system
    stop_loop
    [[ $(cat "$BASE/relay.version" 2>/dev/null) == "$version" ]] &&
      limited 10 systemctl is-active --quiet "$SERVICE.service" && return
    text=$(unit "$python" "$(owner)") || return
    printf '%s\n' "$text" | place "/etc/systemd/system/$SERVICE.service" 0644 || return
    limited 20 systemctl daemon-reload || return
    # Not waited for: a unit that waits for the network would hold up the node.
    limited 20 systemctl enable --quiet "$SERVICE.service" || return
    limited 20 systemctl restart --no-block "$SERVICE.service" || return
  else
    [[ $(cat "$BASE/relay.version" 2>/dev/null) == "$version" ]] && looping >/dev/null && return
    stop_loop
    start_loop "$python" || return
  fi
  # Last: where anything before has failed or was killed, the next run begins anew.
  printf '%s\n' "$version" | place "$BASE/relay.version" 0644
}

# Stops the relay for good. It delivers what is settled before it leaves.
without_relay() {
  local unit=/etc/systemd/system/$SERVICE.service
  if systemd && [[ -e $unit ]]; then
    limited 40 systemctl disable --quiet --now "$SERVICE.service"
    rm -f "$unit"
    limited 20 systemctl daemon-reload
  fi
  stop_loop
  rm -f "$BASE/relay.version" "$BASE/relay-loop.sh" "$BASE/relay.pyz" "$ETC/relay.json"
}

# Whether the backend can be reached from this node, and what to look at if not.

# Asks the backend once; the answer is a line of the log.
asked() {
  local python line
  python=$(found_python) || return
  while IFS= read -r line; do
    say "backend: $line"
  done < <(as_relay timeout -k 5 60 "$python" "$BASE/relay.pyz" check --config "$ETC/relay.json" 2>&1)
}

# The same in the background, whoever has ended by then.
check() {
  (
    # No open end that the script's caller might wait for.
    exec </dev/null >/dev/null 2>&1 3>/dev/null 9>&-
    asked
  ) &
}

# The properties in a spark-defaults.conf that is there already, between two marks. What its owner says stays: of a list
# his items come first and ours behind them, and of anything else his value is the one that counts.

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

# What a Spark gets that is on the node already.

# Whether the agent was built for the Scala of the Spark with these folders of JARs; another one's would end every
# application.
fitting() {
  local folder jar version
  for folder in "$@"; do
    for jar in "$folder"/scala-library-*.jar; do
      [[ -f $jar ]] || continue
      version=${jar##*/scala-library-}
      [[ $version == "$SCALA".* ]] && continue
      printf '%s has Scala %s, and the agent of this kit is for %s; make a kit for this Spark\n' \
        "$folder" "${version%.jar}" "$SCALA" >&2
      return 1
    done
  done
}

# Puts the witness into Spark's folders, in the place of older ones.
witness() {
  local folder
  for folder in "${SPARK_JARS[@]}"; do
    expose "$WITNESS" "$WITNESS_SHA256" "$folder" && retire "$folder" sparklineage-witness- "$WITNESS" || return
  done
}

# A node of Dataproc, as an initialization action: every node, with its Spark there already.
#
# The properties come last, and only where all that they need is in its place. What this script cannot do it says in
# its log, and the node goes on without lineage.

# Whether Dataproc's own agent is off: two would tell of everything twice, or neither of them would run.
one_agent() {
  local theirs
  if [[ ! -d ${SPARK_JARS[0]} ]]; then
    printf '%s is not there, so this node has no Spark\n' "${SPARK_JARS[0]}" >&2
    return 1
  fi
  [[ -e $CONF_FILE ]] || return 0
  theirs=$(without_ours <"$CONF_FILE" | value_of spark.extraListeners) || return 0
  [[ ,${theirs//[[:space:]]/}, == *,"$LISTENER",* ]] || return 0
  printf '%s\n' "Dataproc's own agent is on; create the cluster with dataproc:dataproc.lineage.enabled=false" >&2
  return 1
}

# Prints the script that fetches the keys of the backend, which runs whenever the relay starts: they lie in memory.
keys_script() {
  cat <<'SCRIPT'
#!/bin/bash
# Made by sparklineage: puts keys of Secret Manager where one user alone can read them. Arguments: the folder, the
# user, and the names of the keys. The node's service account asks.
set -u
umask 077
export CLOUDSDK_CORE_DISABLE_PROMPTS=1 HOME=${HOME:-/root}
folder=$1 user=$2
shift 2
group=$(id -gn "$user") && (umask 022 && mkdir -p "$folder") && chown "0:$group" "$folder" && chmod 0750 "$folder" || exit
rm -f "$folder"/.sparklineage.*
for name in "$@"; do
  new=$(mktemp "$folder/.sparklineage.XXXXXX") || exit
  if timeout -k 5 60 gcloud secrets versions access latest --secret="$name" >"$new" && [[ -s $new ]]; then
    chown "$user:$group" "$new" && chmod 0400 "$new" && mv -fT "$new" "$folder/$name" || exit
  else
    rm -f "$new"
    printf 'the secret %s cannot be read; give the service account of the nodes %s on it\n' "$name" \
      roles/secretmanager.secretAccessor >&2
    exit 1
  fi
done
SCRIPT
}

# Prints what the unit of the relay needs besides.
keys_unit() {
  printf '%s\n' '# Made by sparklineage.' '[Service]' "ExecStartPre=+/bin/bash $BASE/keys.sh $KEYS $(owner) $*" \
    'TimeoutStartSec=300' 'RestartSec=30'
}

# Fetches the keys, now and before each start of the relay.
keys() {
  local unit=/etc/systemd/system/$SERVICE.service.d before=''
  if ((${#KEY_NAMES[@]} == 0)); then
    rm -rf "$unit"
    return
  fi
  keys_script | place "$BASE/keys.sh" 0755 || return
  if systemd; then
    [[ ! -e $unit/keys.conf ]] || before=$(digest "$unit/keys.conf")
    keys_unit "${KEY_NAMES[@]}" | place "$unit/keys.conf" 0644 || return
    # What has no version starts anew.
    [[ $before == "$(digest "$unit/keys.conf")" ]] || rm -f "$BASE/relay.version"
  fi
  limited 150 bash "$BASE/keys.sh" "$KEYS" "$(owner)" "${KEY_NAMES[@]}"
}

# Prints a value of the node's metadata; nothing where there is none.
metadata() {
  limited 10 /usr/share/google/get_metadata_value "attributes/$1" 2>/dev/null
}

# All steps.
dataproc() {
  local whole=yes
  begin
  alone
  sweep "$BASE/lib"
  sweep "${SPARK_JARS[0]}"
  attempt 'Spark' one_agent && attempt 'Spark' fitting "${SPARK_JARS[@]}" || whole=''
  if [[ -n $whole ]]; then
    # Without it the relay runs as root.
    attempt 'account' account
    attempt 'folders' folders || whole=''
    attempt 'files' fetch_all "$AGENT_FROM" "$AGENT_SHA256" "$BASE/lib/$AGENT" \
      "$WITNESS_FROM" "$WITNESS_SHA256" "$BASE/lib/$WITNESS" "$RELAY_FROM" "$RELAY_SHA256" "$BASE/relay.pyz" || whole=''
    attempt 'agent' agent || whole=''
    attempt 'witness' witness || whole=''
    # The relay asks for them until they are there.
    attempt 'keys' keys
    located clusterId "$(metadata dataproc-cluster-name)"
    located releaseLabel "${DATAPROC_IMAGE_VERSION-}"
    if attempt 'relay' relay; then
      attempt 'backend' check
    else
      whole=''
    fi
  fi
  if [[ -n $whole ]]; then
    attempt 'configuration' conf "$CONF_FILE"
  else
    # Of a run before this one: it may name classes that are gone.
    attempt 'former configuration' without_conf "$CONF_FILE"
    say 'Spark gets no configuration here, and its applications start without lineage'
  fi
  end
}

guarded dataproc "$@"
