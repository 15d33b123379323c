"""Keys and headers that others can read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from sparklineage.lint.rules.agents import spark_version
from sparklineage.lint.rules.interface import Hit, rule
from sparklineage.lint.settings import AGENT_PREFIX
from sparklineage.model.masking import SECRET_KEY
from sparklineage.model.secret import KINDS
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Setting, Sheet

_NAMES = re.compile(
    r"(?i)(?:auth\.(?:apiKey|api_key|token)\b|sslContext\.(?:store|key)Password|(?:headers|properties|urlParams)\.(.+))",
)
_SECRET_NAME = re.compile(r"(?i)authorization|cookie|\bsig$|signature|^code$|^key$")
# References that something else resolves: Databricks secrets, template variables, our own.
_REFERENCE = re.compile(rf"\{{\{{.*\}}\}}|\$\{{[^}}]*\}}|<[^<>]*>|(?:{'|'.join(KINDS)}):.*", re.DOTALL)
_DEFAULT = r"(?i)secret|password|token|access[.]?key"
_DEFAULT_4 = _DEFAULT + "|credential"
_PATTERN = r"(?i)secret|password|token|access[.]?key|api[_.-]?key|authorization|urlParams|credential|jaas"


@rule("SL060", "literal-secret", "warning", "A secret in plain text")
def plain_secret(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Whoever can read the file has the key, and so does the history of the repository that it lies in. On a command
    line it also shows in the list of processes.

    Source: executed (`ps` shows `--conf` values; the driver's `getConf` shows them too).
    """
    for setting in (*sheet.settings, *sheet.environment):
        if setting.known and _is_secret(setting) and not _REFERENCE.fullmatch(setting.value.strip()):
            yield Hit(
                at=setting,
                found=f"{_what(setting)} stands here in plain text.",
                reality="Everybody who can read this file has it" + _also(setting),
                fix="Take it from a variable of the environment (OPENLINEAGE__TRANSPORT__AUTH__API_KEY), or from the "
                "platform's secrets.",
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
        literal = setting.known and not _REFERENCE.fullmatch(setting.value.strip())
        if not shown.search(setting.key) and not (literal and shown.search(setting.value)):
            yield Hit(
                at=setting,
                found=f"{_what(setting)} is not covered by {'' if given else 'the default of '}spark.redaction.regex.",
                reality="The Spark UI, its REST API and the event log show it in clear text.",
                fix=f"Set spark.redaction.regex={_PATTERN}",
            )


def _is_secret(setting: Setting) -> bool:
    """Whether the value, whatever it is, is a secret."""
    value = setting.value.strip()
    if not value:
        return False
    if setting.origin == "environment":
        return setting.key.startswith("OPENLINEAGE_") and bool(SECRET_KEY.search(setting.key))
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


def _also(setting: Setting) -> str:
    return ", and the list of processes shows it." if setting.origin == "command" else "."
