# shellcheck shell=bash
# A node of Dataproc, as an initialization action: every node, with its Spark there already.
#
# The properties come last, and only where all that they need is in its place. What this script cannot do it says in
# its log, and the node goes on without lineage.
# Settings: AGENT, AGENT_FROM, AGENT_SHA256, BASE, CONF_FILE, KEY_NAMES, KEYS, LISTENER, RELAY_FROM, RELAY_SHA256,
#   SERVICE, SPARK_JARS, WITNESS, WITNESS_FROM, WITNESS_SHA256.

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
