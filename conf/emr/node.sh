#!/bin/bash
# Prepares a node for lineage, as a bootstrap action of EMR. Made by sparklineage.
#
# Agent 1.53.0 for Scala 2.12: asked for by conf/sparklineage.yml:24:3, runs on emr-7.10.0.
# Delivery is direct: no relay of ours runs beside a driver on emr.
# Upload openlineage-spark_2.12-1.53.0.jar: `sparklineage jar upload s3://example-lineage/jars --platform emr --release emr-7.10.0 --version 1.53.0`; the EC2 role of the cluster reads them.
# The keys are fetched into /etc/sparklineage/openlineage.yml when a node starts; allow ssm:GetParameter for its EC2 role.
# The drivers' nodes need a way to the backend: the security groups, and its name in the VPC's DNS.
# The ids of cluster and step are not in the lineage: only the relay adds them.

set -u
umask 027
# Another folder for the keys may be given, for a try.
folder=${1:-/etc/sparklineage}

say() {
  printf 'sparklineage: %s\n' "$*" >&2
}

# A folder with a mode; where this user may not, sudo may.
made() {
  install -d -m "$2" "$1" 2>/dev/null ||
    sudo -n install -d -m "$2" -o "$(id -un)" -g "$(id -gn)" "$1"
}

region=''
export AWS_MAX_ATTEMPTS=3 AWS_PAGER=

# The region of this node, from its metadata.
here() {
  local url=http://169.254.169.254/latest token
  token=$(curl -fsS -m 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$url/api/token") &&
    curl -fsS -m 2 -H "X-aws-ec2-metadata-token: $token" "$url/meta-data/placement/region"
}

# A secret as JSON, from the region that is its own or else that of the node.
secret() {
  local where=${1:-$region}
  shift
  timeout 60 aws --cli-connect-timeout 5 --cli-read-timeout 10 --region "$where" --output json "$@"
}

# Reads the secrets, a line of JSON each, and writes the agent's file. Nothing of them is ever shown.
read -r -d '' fill <<'PYTHON' || true
import json
import sys

template, names = map(json.loads, sys.argv[1:])


def value(text, name, field):
    if not isinstance(text, str):
        sys.exit(name + " holds no text")
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if field:
        if not isinstance(found, dict) or not isinstance(found.get(field), str):
            sys.exit(name + " has no such key with a text")
        text = found[field]
    elif isinstance(found, dict):
        sys.exit(name + " is a JSON object; name one of its keys, as in NAME#key")
    if not text.strip():
        sys.exit(name + " is blank")
    return text.strip()


lines = sys.stdin.read().strip("\n").split("\n")
secrets = [value(json.loads(line), *name) for line, name in zip(lines, names)]


def filled(node):
    if isinstance(node, dict):
        place = node.get("secret")
        if isinstance(place, int):
            return secrets[place]
        return {name: filled(child) for name, child in node.items()}
    return node


# JSON is YAML.
json.dump(filled(template), sys.stdout)
PYTHON

keys() {
  local found=() text
  [[ -n $region ]] || region=$(here) || say 'the metadata of this node does not tell its region'
  text=$(secret '' ssm get-parameter --name /lineage/api-key --with-decryption --query Parameter.Value) || {
    say 'aws-ssm:/lineage/api-key cannot be read; allow ssm:GetParameter, and kms:Decrypt, for the role of the nodes'
    return 1
  }
  found+=("$text")
  made "$folder" 0750 || return 1
  local new
  new=$(mktemp "$folder/.new.XXXXXX") || return 1
  if printf '%s\n' "${found[@]}" | python3 -c "$fill" '{"transport": {"type": "http", "auth": {"type": "api_key", "apiKey": {"secret": 0}}}}' '[["aws-ssm:/lineage/api-key", ""]]' >"$new"; then
    chmod 0640 "$new"
    chgrp hadoop "$new" "$folder" 2>/dev/null || say 'there is no group hadoop: drivers of other users see no keys'
    mv -f "$new" "$folder/openlineage.yml"
  else
    rm -f "$new"
    return 1
  fi
}

# In a shell of its own, so that nothing in it can end this one: a node must come up without lineage too.
(keys) || say 'went on without the keys; the backend will refuse what it gets'
exit 0
