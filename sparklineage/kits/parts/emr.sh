# shellcheck shell=bash
# A node of EMR on EC2, as a bootstrap action: every node, before Spark is there.
# Settings: AGENT_FROM, AGENT_SHA256, RELAY_FROM, RELAY_SHA256.

# All steps, in an order in which each leaves a node on which jobs start.
emr() {
  local word
  begin
  for word in "$@"; do
    [[ $word == --strict ]] || say "there is no argument $word; --strict is the only one"
  done
  alone
  attempt 'listeners' shield
  attempt 'account' account
  attempt 'folders' folders
  attempt 'files' fetch_all "$AGENT_FROM" "$AGENT_SHA256" "$BASE/lib/$AGENT" \
    "$RELAY_FROM" "$RELAY_SHA256" "$BASE/relay.pyz"
  attempt 'agent' agent
  if attempt 'relay' relay; then
    attempt 'backend' check
  fi
  end
}

guarded emr "$@"
