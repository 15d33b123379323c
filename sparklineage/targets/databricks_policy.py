"""Cluster policies of Databricks: every key is the path of a field, `spark_conf.spark.extraListeners`."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.config.documents import plain
from sparklineage.errors import ConfigError
from sparklineage.targets.about import lost
from sparklineage.targets.databricks_cluster import Json, Kit, cluster, mapping
from sparklineage.targets.databricks_conf import APP_NAME, LISTENERS, merged_conf
from sparklineage.targets.databricks_place import check_cluster
from sparklineage.targets.interface import Existing
from sparklineage.targets.json_file import no_duplicates
from sparklineage.targets.rewriting import read_json, rewritten_json

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONF, _VARIABLES = "spark_conf.", "spark_env_vars."
_SCRIPT = re.compile(r"init_scripts\.(\d+)\.\w+\.destination")
_FIELD = re.compile(r"(?:spark_conf|spark_env_vars|init_scripts)\..+|spark_version|data_security_mode|node_type_id")


def policy(kit: Kit) -> Json:
    """A new one, which fixes all that lineage needs and leaves the rest open."""
    return {key: _fixed(value) for key, value in _flat(cluster(_for_all(kit)))}


def is_policy(root: Json) -> bool:
    """Whether a JSON object is the definition of a policy, or holds one as the API has it."""
    return isinstance(root.get("definition"), str) or any(
        _FIELD.fullmatch(key) and isinstance(value, dict) and "type" in value for key, value in root.items()
    )


def merged_policy(kit: Kit, theirs: Json, where: str) -> Json:
    """The user's policy with ours in it. Raises ConfigError where it forbids what is needed."""
    kit, definition = _for_all(kit), theirs.get("definition")
    if isinstance(definition, str):
        inside = Existing(name=f"{where}: definition", text=definition)
        root = mapping(_plain(inside), inside.name)
        return theirs | {"definition": rewritten_json(inside, _merged(kit, root, inside.name))}
    return _merged(kit, theirs, where)


def _plain(existing: Existing) -> object:
    """Dicts, lists and values of a user's JSON."""
    node = read_json(existing)
    no_duplicates(node, existing.name)
    return plain(node)


def _for_all(kit: Kit) -> Kit:
    """Without the name of one application: a policy is for many."""
    return replace(kit, conf=kit.conf.without(APP_NAME), beneath=kit.beneath.without(APP_NAME))


def _merged(kit: Kit, theirs: Json, where: str) -> Json:
    found = dict(theirs)
    version, mode = (_text(theirs.get(name)) for name in ("spark_version", "data_security_mode"))
    check_cluster(kit.order, kit.place, version=version, mode=mode, where=where)
    kit.modes.add(mode or "")
    rules = {key.removeprefix(_CONF): value for key, value in theirs.items() if key.startswith(_CONF)}
    texts = {key: _value(rule) for key, rule in rules.items()}
    listeners = rules.get(LISTENERS)
    if listeners is not None and texts[LISTENERS] is None:
        raise ConfigError(
            f"{where}: {_CONF}{LISTENERS} is of the type {_type(listeners)} and gives no value; write type fixed and a "
            "value, or take the key out."
        )
    done, whole = merged_conf(
        kit.conf_for(rules), {key: text for key, text in texts.items() if text is not None}, where
    )
    for sentence in lost(whole):
        kit.say(sentence)
    for key, text in done.items():
        if key not in rules:
            found[_CONF + key] = _fixed(text)
        elif texts[key] is None:
            kit.say(f"{where}: {_CONF}{key} stays of the type {_type(rules[key])}; a cluster needs {text!r} there.")
        elif text != texts[key]:
            rule = mapping(rules[key], key)
            found[_CONF + key] = rule | {"value" if "value" in rule else "defaultValue": text}
    numbers = [int(match[1]) for key in theirs if (match := _SCRIPT.fullmatch(key))]
    there = any(_SCRIPT.fullmatch(key) and kit.place.is_script(str(_value(rule))) for key, rule in theirs.items())
    for name, text in kit.variables.items():
        if _VARIABLES + name not in theirs:
            found[_VARIABLES + name] = _fixed(text)
        elif _value(theirs[_VARIABLES + name]) != text:
            kit.say(f"{where}: {_VARIABLES}{name} stays as it is; a cluster needs {text} there.")
    if kit.order.jars and not there:
        found |= {key: _fixed(value) for key, value in _scripts([kit.place.init_script], max(numbers, default=-1) + 1)}
    return found


def _flat(fields: Json) -> Iterator[tuple[str, object]]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", text) for key, text in value.items())
        elif isinstance(value, list):
            yield from _scripts(value, 0)
        else:
            yield name, value


def _scripts(scripts: list[object], first: int) -> Iterator[tuple[str, object]]:
    for number, script in enumerate(scripts, first):
        for kind, block in mapping(script, "an init script").items():
            for key, text in mapping(block, kind).items():
                yield f"init_scripts.{number}.{kind}.{key}", text


def _fixed(value: object) -> Json:
    return {"type": "fixed", "value": value}


def _value(rule: object) -> object:
    """The value that a rule gives to a cluster; None where it gives none."""
    if not isinstance(rule, dict) or rule.get("type") == "forbidden":
        return None
    return rule.get("value", rule.get("defaultValue"))


def _text(rule: object) -> str | None:
    value = _value(rule)
    return value if isinstance(value, str) else None


def _type(rule: object) -> str:
    return json.dumps(rule.get("type") if isinstance(rule, dict) else None)
