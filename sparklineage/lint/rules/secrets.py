"""Keys and headers that others can read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from sparklineage.config.catalogue import catalogue
from sparklineage.lint.rules.agents import spark_version
from sparklineage.lint.rules.interface import Hit, rule
from sparklineage.lint.settings import AGENT_PREFIX
from sparklineage.model.masking import SECRET_KEY, SECRET_VARIABLE
from sparklineage.model.secret import KINDS
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Platform, Setting, Sheet

_NAMES = re.compile(
    r"(?i)(?:auth\.(?:apiKey|api_key|token)\b|sslContext\.(?:store|key)Password|(?:headers|properties|urlParams)\.(.+))",
)
_SECRET_NAME = re.compile(r"(?i)authorization|cookie|\bsig$|signature|^code$|^key$")
_IN_JSON = re.compile(r'(?i)"(?:api_?key|token|authorization|(?:store|key)_?password)"\s*:\s*"[^"]')
# References that something else resolves: Databricks secrets, variables of templates, EMR Serverless, our own.
_REFERENCE = re.compile(rf"<[^<>]*>|(?:{'|'.join(KINDS)}):.*|EMR\.secret@.*", re.DOTALL)
_OWN_REFERENCE = re.compile(rf"(?:{'|'.join(KINDS)}):.+", re.DOTALL)
_DEFAULT = r"(?i)secret|password|token|access[.]?key"
_DEFAULT_4 = _DEFAULT + "|credential"
_WORDS = ("secret", "password", "token", "access.key")
_DRIVER_VARIABLES = ("spark.yarn.appMasterEnv.", "spark.kubernetes.driverEnv.")
_KEPT: Mapping[Platform | None, str] = {
    None: "Set the variables OPENLINEAGE__TRANSPORT__TYPE, …__AUTH__TYPE and …__AUTH__API_KEY instead, all three.",
    "databricks": "Write {{secrets/SCOPE/KEY}} instead.",
    "kubernetes": "Give the driver OPENLINEAGE__TRANSPORT__AUTH__API_KEY with a secretKeyRef, …__TRANSPORT__TYPE and "
    "…__AUTH__TYPE beside it.",
}
"""What to do instead."""
_PATTERN = r"(?i)secret|password|token|access[.]?key|api[_.-]?key|authorization|urlParams|credential|jaas"


@rule("SL060", "literal-secret", "warning", "A secret in plain text")
def plain_secret(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Whoever can read the file has the key, and so does the history of the repository that it lies in. On a command
    line it also shows in the list of processes, and Amazon's describe calls give it back in plain text.

    Source: executed (`ps` shows `--conf` values; the driver's `getConf` shows them too); Amazon's documentation.
    """
    for setting in (*sheet.settings, *sheet.environment):
        if _is_literal(setting) and _is_secret(setting):
            yield Hit(
                at=setting,
                found=f"{_what(setting)} stands here in plain text.",
                reality="Everybody who can read this file has it" + _also(setting, sheet.platform),
                fix=_KEPT.get(sheet.platform, _KEPT[None]),
            )


@rule("SL061", "secret-not-redacted", "warning", "A secret that Spark shows")
def not_redacted(sheet: Sheet, target: Target) -> Iterator[Hit]:
    """Spark hides a property in its UI, REST API and event log when `spark.redaction.regex` finds something in its name
    or value. The default does not find `transport.auth.apiKey`, `headers.Authorization`, `urlParams.…` or a key
    inside `transport.url`: all of them are shown in clear text.

    Source: executed on Spark 3.5.6 and 4.2.1.
    """
    given = sheet.get("spark.redaction.regex")
    spark = spark_version(sheet, target)
    pattern = _DEFAULT if spark and numbers(spark) < (4,) else _DEFAULT_4
    if sheet.partial or (given is not None and not given.known):
        return
    try:
        shown = re.compile(given.value if given else pattern)
    except re.error:  # Java takes patterns that Python does not
        return
    for setting in sheet.settings:
        if setting.origin == "yaml" or not setting.key.startswith(AGENT_PREFIX) or not _is_secret(setting):
            continue
        # What stands behind a reference is not known, so only the name can be found.
        literal = _is_literal(setting)
        if not shown.search(setting.key) and not (literal and shown.search(setting.value)):
            yield Hit(
                at=setting,
                found=f"{_what(setting)} is not covered by {'' if given else 'the default of '}spark.redaction.regex.",
                reality="The Spark UI, its REST API and the event log show it in clear text.",
                fix=f"Set spark.redaction.regex={_PATTERN}",
            )


@rule("SL062", "secret-in-driver-variable", "warning", "A secret in a property that makes a variable")
def driver_variable(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`spark.yarn.appMasterEnv.NAME` and `spark.kubernetes.driverEnv.NAME` give the driver a variable, but are Spark
    properties themselves: the Spark UI and the event log show what `spark.redaction.regex` does not find, such as an
    `…API_KEY`.

    Source: executed on Spark 3.5.6 and 4.2.1 (what the environment page shows).
    """
    for setting in sheet.settings:
        name = next((setting.key.removeprefix(stem) for stem in _DRIVER_VARIABLES if setting.key.startswith(stem)), "")
        if setting.value.strip() and (SECRET_VARIABLE.search(name) or SECRET_KEY.search(name)):
            yield Hit(
                at=setting,
                found=f"{setting.name} gives the driver a secret.",
                reality="It is a property of Spark as well, which the Spark UI and the event log may show.",
                fix="On Kubernetes use spark.kubernetes.driver.secretKeyRef.NAME=SECRET:KEY."
                if "kubernetes" in setting.key
                else "Give the driver an openlineage.yml that only its user can read, and OPENLINEAGE_CONFIG.",
            )


@rule("SL063", "redaction-replaced", "warning", "A redaction that hides less than Spark's own")
def redaction_replaced(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """A value for `spark.redaction.regex` replaces Spark's own, which finds secret, password, token, access key and
    (since 4.0) credential. One that finds only the agent's keys shows all the others.

    Source: executed on Spark 3.5.6 and 4.2.1.
    """
    setting = sheet.get("spark.redaction.regex")
    if setting is None or setting.late or not setting.known:
        return
    try:
        pattern = re.compile(setting.value)
    except re.error:  # Java takes patterns that Python does not
        return
    missed = [word for word in _WORDS if not pattern.search(f"spark.my.{word}")]
    if missed:
        yield Hit(
            at=setting,
            found=f"spark.redaction.regex does not find {', '.join(missed)}.",
            reality="It replaces Spark's own pattern, so the Spark UI and the event log show such properties.",
            fix=f"Set spark.redaction.regex={_PATTERN}",
        )


@rule("SL064", "secret-captured", "error", "A secret property that goes into the events")
def secret_captured(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The agent puts the properties that `capturedProperties` names into every event, with their values. Whoever sees
    the lineage then sees the secret.

    Source: executed, agent 1.53.0.
    """
    setting = sheet.agent("capturedProperties")
    for entry in setting.entries if setting else ():
        key = catalogue().find(entry)
        if setting and ((key and key.secret) or SECRET_KEY.search(entry)):
            yield Hit(
                at=setting,
                found=f"{setting.name} names {entry}.",
                reality="Its value goes into every event.",
                fix="Take it off the list.",
            )


@rule("SL065", "unresolved-reference", "error", "A reference that nobody resolves")
def unresolved_reference(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`env:NAME`, `file:/path`, `aws-secretsmanager:…`, `aws-ssm:…` and `databricks:…` are references in a
    sparklineage.yml and for `sparklineage submit`. In any other configuration nobody resolves them: the agent sends
    the reference itself for the key. An openlineage.yml may be meant for either.

    Source: executed, agent 1.53.0.
    """
    for setting in () if sheet.own else (*sheet.settings, *sheet.environment):
        if _OWN_REFERENCE.fullmatch(setting.value.strip()) and setting.known and _is_secret(setting):
            yield Hit(
                at=setting,
                found=f"The value of {setting.name} is a reference of sparklineage's.",
                reality="Only sparklineage resolves it; the agent takes the reference itself for the secret.",
                fix=_KEPT.get(sheet.platform, _KEPT[None])
                + ("" if sheet.platform else " Or start the job with `sparklineage submit`."),
                severity="warning" if setting.origin == "yaml" else None,
            )


def _is_literal(setting: Setting) -> bool:
    """Whether the value is the thing itself, and no part of it is put in later."""
    value = setting.value.strip()
    return setting.known and "{{" not in value and "${" not in value and not _REFERENCE.fullmatch(value)


def _is_secret(setting: Setting) -> bool:
    """Whether the value, whatever it is, is a secret."""
    value = setting.value.strip()
    if not value:
        return False
    if setting.origin == "environment":
        ours = setting.key.startswith("OPENLINEAGE_")
        return ours and bool(SECRET_KEY.search(setting.key) or _IN_JSON.search(value))
    if not setting.key.startswith(AGENT_PREFIX):
        return False
    if setting.key.endswith(".url"):
        return _url_has_secret(value)
    match = _NAMES.search(setting.key)
    return bool(match and (match[1] is None or SECRET_KEY.search(match[1]) or _SECRET_NAME.search(match[1])))


def _url_has_secret(url: str) -> bool:
    try:
        parts = urlsplit(url)
        names = [name for name, _ in parse_qsl(parts.query)]
    except ValueError:
        return False
    secret = any(SECRET_KEY.search(name) or _SECRET_NAME.search(name) for name in names)
    return secret or bool(parts.password)


def _what(setting: Setting) -> str:
    return f"A secret inside {setting.name}" if setting.key.endswith(".url") else f"The value of {setting.name}"


def _also(setting: Setting, platform: Platform | None) -> str:
    if platform in {"emr", "emr-serverless", "emr-containers", "glue"}:
        return ", and so has everybody who may describe the job."
    return ", and the list of processes shows it." if setting.origin == "command" else "."
