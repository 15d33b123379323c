"""Taking secrets out of text that people, logs and files will see."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MASK = "********"

SECRET_KEY = re.compile(
    r"(?i)secret|password|passwd|token|access[.]?key|credential|api[_.-]?key|authorization|urlparams|jaas"
    r"|private[_.-]?key|sas[_.-]?key|account[.]key"
)
"""Finds keys whose values are secret: Spark's own default for `spark.redaction.regex` and what it misses."""

SECRET_HEADER = re.compile(r"(?i)key|token|secret|auth|password|cookie|credential|signature|^(?:code|sig|sas)$")
"""Finds headers and query parameters whose values are secret, by their names; `code` is the key of Azure Functions."""

SECRET_VARIABLE = re.compile(
    r"(?i)(?:PASSWORD|PASSWD|(?:^|_)(?:API_?KEY|TOKEN|SECRET|CREDENTIALS?|(?:ACCESS|SECRET|PRIVATE|ACCOUNT)_KEY))$"
)
"""Finds environment variables whose values are secret, by the end of their names."""
_SHORTEST = 6
"""Characters of a variable's value from which on it is told from ordinary text."""

# No pattern begins with a repetition, and those inside have bounds: a stack trace of dotted names took seconds.
_NAME = (
    r"(?:secret|password|passwd|token|access[.]?key|credential|api[_.-]?key|jaas|private[_.-]?key|account[.]key)"
    r"[\w.\-]{0,64}"
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # The user and password of a URL.
    (re.compile(r"(?P<keep>://)[^\s/@'\"]+@"), rf"\g<keep>{MASK}@"),
    # Not the word behind "basic" in a sentence: a credential has a digit or is long.
    (
        re.compile(r"(?i)(?P<keep>\b(?:bearer|basic)\s+)(?=\S{0,64}\d|\S{16})[A-Za-z0-9._~+/=\-]{6,}"),
        rf"\g<keep>{MASK}",
    ),
    # Signed URLs of Azure and AWS, and the key of Azure Functions.
    (re.compile(r"(?i)(?P<keep>[?&](?:sig|signature|x-amz-signature|code|key|auth)=)[^\s&\"']+"), rf"\g<keep>{MASK}"),
    (
        # Not the line number of a stack trace: (Token.java:12).
        re.compile(rf"(?i)(?P<keep>{_NAME}[\"']?\s{{0,8}}[=:]\s{{0,8}}[\"']?)(?![\"'\s]|\d+\))[^\s\"',;&)}}\]]+"),
        rf"\g<keep>{MASK}",
    ),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), MASK),
)


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the given secret values and without anything that looks like one."""
    for secret in sorted((value for value in secrets if len(value) >= 4), key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def secrets_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The values of the variables whose names look secret, without blanks around them; not the paths of key files."""
    found = {
        value.strip(): None
        for name, value in environ.items()
        if SECRET_VARIABLE.search(name) and not (value.startswith("/") and name.upper().endswith("CREDENTIALS"))
    }
    return tuple(value for value in found if len(value) >= _SHORTEST)


def spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    """The secrets, and what becomes of them inside of JSON."""
    found: dict[str, None] = {}
    for secret in secrets:
        for text in (secret, json.dumps(secret, ensure_ascii=False)[1:-1], json.dumps(secret)[1:-1]):
            found[text] = None
    return tuple(found)


def mask_property(key: str, value: str) -> str:
    """The value of a Spark property or option, hidden whole where the key says that it is a secret."""
    return MASK if value and SECRET_KEY.search(key) else mask(value)
