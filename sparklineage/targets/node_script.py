"""What a node of EMR needs before Spark is on it where the agent itself sends: a file with the keys of the backend.

The script runs as a bootstrap action, of which one that fails ends its cluster: it never fails, and waits for nothing
longer than a service may take to answer. Keys are fetched with the role of the node, go from one process to the next by
pipes alone, and end in a file that the group `hadoop` may read, which drivers in both deploy modes belong to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from shlex import quote
from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError
from sparklineage.model import conf_environment
from sparklineage.model.secret import Secret
from sparklineage.targets.opened import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.model.secret import SecretReference

NAME = "node.sh"
FOLDER = "/etc/sparklineage"
FILE = f"{FOLDER}/openlineage.yml"
"""A file of the agent, which looks for it where OPENLINEAGE_CONFIG says."""
VARIABLE = "OPENLINEAGE_CONFIG"
_INSTEAD = "write aws-ssm:/name or aws-secretsmanager:NAME"


@dataclass(frozen=True, kw_only=True)
class _Call:
    """One secret, as the AWS command line gets it."""

    reference: SecretReference
    region: str
    words: tuple[str, ...]
    action: str


@dataclass
class _Found:
    """The secrets of a configuration in the order in which they were met."""

    calls: list[_Call] = field(default_factory=list)

    def fetch(self, reference: SecretReference, source: str) -> Secret:
        call = _call(reference, source)
        if call not in self.calls:
            self.calls.append(call)
        return Secret(_Marker(self.calls.index(call)))


class _Marker(str):
    """Stands in the configuration for a secret that only the node will know."""

    number: int

    def __new__(cls, number: int) -> _Marker:
        marker = super().__new__(cls, "a secret")
        marker.number = number
        return marker


def node_script(conf: ConfSet, *, region: str, about: Iterable[str]) -> str | None:
    """The script, or None where a node needs nothing.

    Raises ConfigError for a secret that no role of a node can fetch.
    """
    found = _Found()
    if not references(conf):
        return None
    held = conf.resolved(found.fetch)
    lines = [_HEAD, *(f"# {' '.join(line.split())}" for line in about), _BEGIN]
    lines += _keys(conf_environment.tree(held.entries), found.calls, region)
    return "\n".join([*lines, _END]) + "\n"


def actions(conf: ConfSet) -> tuple[str, ...]:
    """What the role of the nodes has to be allowed, such as `ssm:GetParameter`."""
    calls = [_call(reference, key) for key, reference in references(conf).items()]
    return tuple(dict.fromkeys(call.action for call in calls))


def _call(reference: SecretReference, source: str) -> _Call:
    name = reference.name
    parts = name.split(":")
    region = parts[3] if parts[0] == "arn" and len(parts) > 5 else ""
    if reference.kind == "aws-ssm":
        words: tuple[str, ...] = (
            "ssm",
            "get-parameter",
            "--name",
            name,
            "--with-decryption",
            "--query",
            "Parameter.Value",
        )
        return _Call(reference=reference, region=region, words=words, action="ssm:GetParameter")
    if reference.kind == "aws-secretsmanager":
        words = ("secretsmanager", "get-secret-value", "--secret-id", name, "--query", "SecretString")
        return _Call(reference=reference, region=region, words=words, action="secretsmanager:GetSecretValue")
    raise ConfigError(f"{source}: {reference.written} is of this machine, and no node of a cluster has it; {_INSTEAD}.")


def _keys(tree: dict[str, Any], calls: list[_Call], region: str) -> Iterator[str]:
    yield _FETCH.format(region=quote(region), fill=_FILL)
    yield "keys() {"
    yield "  local found=() text"
    if not all(call.region for call in calls):
        yield "  [[ -n $region ]] || region=$(here) || say 'the metadata of this node does not tell its region'"
    for call in calls:
        words = " ".join(map(quote, call.words))
        yield f"  text=$(secret {quote(call.region)} {words}) || {{"
        refused = (
            f"{call.reference.written} cannot be read; allow {call.action}, and kms:Decrypt, for the role of the nodes"
        )
        yield f"    say {quote(refused)}"
        yield "    return 1"
        yield "  }"
        yield '  found+=("$text")'
    template = json.dumps(_marked(tree))
    fields = json.dumps([[call.reference.written, call.reference.field] for call in calls])
    yield _WRITE.format(template=quote(template), fields=quote(fields))
    yield "}"


def _marked(node: Any) -> Any:
    """A secret's place as an object with its number; all other leaves are texts or lists of texts."""
    if isinstance(node, dict):
        return {name: _marked(child) for name, child in node.items()}
    return {"secret": node.number} if isinstance(node, _Marker) else node


_HEAD = """\
#!/bin/bash
# Prepares a node for lineage, as a bootstrap action of EMR. Made by sparklineage.
#"""

_BEGIN = """
set -u
umask 027
# Another folder for the keys may be given, for a try.
folder=${1:-/etc/sparklineage}

say() {
  printf 'sparklineage: %s\\n' "$*" >&2
}

# A folder with a mode; where this user may not, sudo may.
made() {
  install -d -m "$2" "$1" 2>/dev/null ||
    sudo -n install -d -m "$2" -o "$(id -un)" -g "$(id -gn)" "$1"
}
"""

_FETCH = """\
region={region}
export AWS_MAX_ATTEMPTS=3 AWS_PAGER=

# The region of this node, from its metadata.
here() {{
  local url=http://169.254.169.254/latest token
  token=$(curl -fsS -m 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$url/api/token") &&
    curl -fsS -m 2 -H "X-aws-ec2-metadata-token: $token" "$url/meta-data/placement/region"
}}

# A secret as JSON, from the region that is its own or else that of the node.
secret() {{
  local where=${{1:-$region}}
  shift
  timeout 60 aws --cli-connect-timeout 5 --cli-read-timeout 10 --region "$where" --output json "$@"
}}

# Reads the secrets, a line of JSON each, and writes the agent's file. Nothing of them is ever shown.
read -r -d '' fill <<'PYTHON' || true
{fill}
PYTHON
"""

_FILL = """\
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


lines = sys.stdin.read().strip("\\n").split("\\n")
secrets = [value(json.loads(line), *name) for line, name in zip(lines, names)]


def filled(node):
    if isinstance(node, dict):
        place = node.get("secret")
        if isinstance(place, int):
            return secrets[place]
        return {name: filled(child) for name, child in node.items()}
    return node


# JSON is YAML.
json.dump(filled(template), sys.stdout)"""

_WRITE = """\
  made "$folder" 0750 || return 1
  local new
  new=$(mktemp "$folder/.new.XXXXXX") || return 1
  if printf '%s\\n' "${{found[@]}}" | python3 -c "$fill" {template} {fields} >"$new"; then
    chmod 0640 "$new"
    chgrp hadoop "$new" "$folder" 2>/dev/null || say 'there is no group hadoop: drivers of other users see no keys'
    mv -f "$new" "$folder/openlineage.yml"
  else
    rm -f "$new"
    return 1
  fi"""

_END = """
# In a shell of its own, so that nothing in it can end this one: a node must come up without lineage too.
(keys) || say 'went on without the keys; the backend will refuse what it gets'
exit 0"""
