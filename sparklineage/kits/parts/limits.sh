# shellcheck shell=bash
# Limits: no command runs for ever, no step takes the others with it, and no failure takes the node with it.
# Settings: BASE, LIMIT, STRICT.

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
