# shellcheck shell=bash
# The relay: its configuration, and what keeps it running. It is touched only where something about it has changed.
# Settings: BASE, ETC, LOGS, PYTHONS, RELAY_BY, RELAY_CONFIG, RELAY_ENV, RELAY_MEMORY, SERVICE, SPOOL, STATE.

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
