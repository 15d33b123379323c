# shellcheck shell=bash
# Files from where the kit was uploaded to, by the platform's own means and with the identity of the node.
# Settings: none.

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
