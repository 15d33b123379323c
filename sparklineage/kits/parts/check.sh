# shellcheck shell=bash
# Whether the backend can be reached from this node, and what to look at if not.
# Settings: ETC, BASE.

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
