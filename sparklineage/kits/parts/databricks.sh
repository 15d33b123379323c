# shellcheck shell=bash
# A cluster of Databricks, as an init script: on the driver alone, before its Spark is there.
#
# The properties come last, and only where all that they need is in its place. What this script cannot do it says in
# its log, and the cluster starts without lineage.
# Settings: AGENT_FROM, AGENT_SHA256, APP_NAME, COMPANIONS, COMPANIONS_SHA256, CONF_FILE, CONF_LINES, BASE, RELAY_FROM,
#   RELAY_SHA256, RELAY_SECRETS, SPARK_JARS, WITNESS_FROM, WITNESS_SHA256.

# Fetches everything. Volumes and the workspace are there as folders.
files() {
  local at all=("$AGENT_FROM" "$AGENT_SHA256" "$BASE/lib/$AGENT")
  [[ -z $WITNESS_FROM ]] || all+=("$WITNESS_FROM" "$WITNESS_SHA256" "$BASE/lib/$WITNESS")
  [[ -z $RELAY_FROM ]] || all+=("$RELAY_FROM" "$RELAY_SHA256" "$BASE/relay.pyz")
  for at in "${!COMPANIONS[@]}"; do
    all+=("${COMPANIONS[at]}" "${COMPANIONS_SHA256[at]}" "$BASE/companions/${COMPANIONS[at]##*/}")
  done
  fetch_all "${all[@]}"
}

# Makes the folders of the driver's class path and clears what a run that was killed has left in them.
class_path() {
  local folder
  sweep "$BASE/lib"
  for folder in "${SPARK_JARS[@]}"; do
    mkdir -p "$folder" || return
    sweep "$folder"
  done
}

# Puts the witness, and what the agent's transport needs, into the folders of the class path.
beside() {
  local at name folder
  for folder in "${SPARK_JARS[@]}"; do
    [[ -n $WITNESS_FROM ]] || break
    expose "$WITNESS" "$WITNESS_SHA256" "$folder" && retire "$folder" sparklineage-witness- "$WITNESS" || return
  done
  for at in "${!COMPANIONS[@]}"; do
    name=${COMPANIONS[at]##*/}
    for folder in "${SPARK_JARS[@]}"; do
      place "$folder/$name" 0644 "${COMPANIONS_SHA256[at]}" <"$BASE/companions/$name" || return
    done
  done
}

# Whether all JARs of this kit are what the driver will find.
found() {
  local at folder status=0
  for folder in "${SPARK_JARS[@]}"; do
    there "$folder/$AGENT" "$AGENT_SHA256" || status=1
    [[ -z $WITNESS_FROM ]] || there "$folder/$WITNESS" "$WITNESS_SHA256" || status=1
    for at in "${!COMPANIONS[@]}"; do
      there "$folder/${COMPANIONS[at]##*/}" "${COMPANIONS_SHA256[at]}" || status=1
    done
  done
  return "$status"
}

# Whether a file is the one that is wanted; says so if it is not.
there() {
  intact "$1" "$2" && return
  printf '%s is not the file of this kit\n' "$1" >&2
  return 1
}

# Prints a name for the application of this cluster, as Databricks gives all of them the same one; nothing where it
# would be another with every run.
application() {
  local name=${DB_CLUSTER_NAME-} LC_ALL=C
  if [[ ${DB_IS_JOB_CLUSTER-} == TRUE ]]; then
    [[ $name =~ ^(job-[0-9]+)-run-[0-9]+(.*)$ ]] || return 0
    name=${BASH_REMATCH[1]}${BASH_REMATCH[2]}
  fi
  printf '%s\n' "${name//[!A-Za-z0-9_.-]/_}"
}

# Gives the driver its properties.
driver_conf() {
  local name='' other
  [[ -z $APP_NAME ]] || name=$(application)
  for other in "${CONF_FILE%/*}"/*.conf; do
    if [[ $other != "$CONF_FILE" ]] && grep -qsF spark.extraListeners "$other"; then
      printf '%s names listeners too, and one of both files counts; name all of them in one\n' "$other" >&2
    fi
  done
  [[ -z $name ]] || name="  \"$APP_NAME\" = \"$name\""$'\n'
  printf '%s\n' "${CONF_LINES[@]}" "$name}" | place "$CONF_FILE" 0644
}

# Says which of the relay's secrets this script was not given.
secrets() {
  local name
  for name in "${RELAY_SECRETS[@]}"; do
    [[ -n ${!name-} ]] ||
      say "$name is empty, so the backend will refuse what it gets; see README.md for what the cluster has to have"
  done
}

# All steps.
databricks() {
  local whole=yes
  begin
  if [[ ${DB_IS_DRIVER-} != TRUE ]]; then
    say 'this is no driver, so there is nothing to do'
    exit 0
  fi
  alone
  say "lineage for the cluster ${DB_CLUSTER_ID-}"
  # What a run before this one has left must not name classes that may be gone.
  attempt 'former configuration' rm -f "$CONF_FILE" || whole=''
  attempt 'class path' class_path || whole=''
  # Without it the relay runs as root.
  attempt 'account' account
  attempt 'folders' folders || whole=''
  attempt 'files' files || whole=''
  attempt 'agent' agent || whole=''
  attempt 'witness' beside || whole=''
  attempt 'JARs' found || whole=''
  if [[ -n $RELAY_FROM ]]; then
    secrets
    if attempt 'relay' relay; then
      attempt 'backend' check
    else
      whole=''
    fi
  fi
  if [[ -n $whole ]]; then
    attempt 'configuration' driver_conf
  else
    say 'the driver gets no configuration, and starts without lineage'
  fi
  end
}

guarded databricks "$@"
