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
_WORDS = re.compile(r"[.\-/\s]+|(?<=[a-z0-9])(?=[A-Z])")
"""What is between the words of a parameter's name: `spark.api-key`, `dbPassword`."""
_PROPERTY = re.compile(r"(?:spark|fs|hadoop)\.")
_OF_A_TOKENIZER = re.compile(
    r"(?i)(?:^|_)(?:pad|eos|bos|unk|sep|cls|mask|stop|start|end|image|fim|prefix|suffix|decoder_start)_token$"
)
"""The special tokens of a language model are no secrets."""
_SHORTEST = 6
"""Characters of a variable's value from which on it is told from ordinary text."""

# No pattern begins with a repetition, and those inside have bounds: a stack trace of dotted names took seconds.
_WORD = (
    r"(?:secret|password|passwd|token|access[.]?key|credential|api[_.-]?key|jaas|private[_.-]?key|account[._-]?key"
    r"|shared[._-]?access[._-]?(?:key|signature))"
)
_NAME = rf"{_WORD}[\w.\-]{{0,64}}"
_VALUE = r"[^\s\"',;&)}\]]+"
_USER = (re.compile(r"(?P<keep>://)[^\s/@'\"]+@"), rf"\g<keep>{MASK}@")
_ANYWHERE: tuple[tuple[re.Pattern[str], str], ...] = (
    # Not the word behind "basic" in a sentence: a credential has a digit or is long.
    (
        re.compile(r"(?i)(?P<keep>\b(?:bearer|basic)\s+)(?=\S{0,64}\d|\S{16})[A-Za-z0-9._~+/=\-]{6,}"),
        rf"\g<keep>{MASK}",
    ),
    # Signed URLs of Azure, AWS and Google, HDFS's delegation tokens, and the key of Azure Functions.
    (
        re.compile(r"(?i)(?P<keep>[?&](?:sig|(?:x-\w{2,8}-)?signature|code|key|auth|delegation)=)[^\s&\"']+"),
        rf"\g<keep>{MASK}",
    ),
    # How a connection string has its password.
    (re.compile(r"(?i)(?P<keep>(?:^|[;?&])\s{0,8}pwd\s{0,8}=\s{0,8})[^\s;&\"']+"), rf"\g<keep>{MASK}"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), MASK),
)
_PAIR = (
    # Not the line number of a stack trace: (Token.java:12).
    re.compile(rf"(?i)(?P<keep>{_NAME}[\"']?\s{{0,8}}[=:]\s{{0,8}}[\"']?)(?![\"'\s]|\d+\)){_VALUE}"),
    rf"\g<keep>{MASK}",
)
# The next word of a sentence and the type of a column are no secrets, nor is a port, a tag of an image or a call.
_TYPES = (
    "STRING|TEXT|VARCHAR|CHAR|BINARY|BOOLEAN|TINYINT|SMALLINT|INT|INTEGER|BIGINT|LONG|FLOAT|DOUBLE|DECIMAL|NUMERIC|DATE"
    "|TIMESTAMP|STRUCT|ARRAY|MAP|VARIANT|JSON|UUID"
)
_SAID = rf"(?!(?-i:[a-z]+|{_TYPES})(?:[\s<>,.;:()]|$))"
_PAIRS_IN_PROSE = tuple(
    (re.compile(rf"(?i)(?P<keep>{pair})(?![\"'\s]){besides}{_VALUE}"), rf"\g<keep>{MASK}")
    for pair, besides in (
        (rf"{_NAME}[\"']?\s{{0,8}}=\s{{0,8}}[\"']?", r"(?![A-Za-z_]\w{0,64}\()"),
        (rf"{_NAME}[\"']\s{{0,8}}:\s{{0,8}}[\"']?", ""),
        (rf"{_NAME}\s{{0,8}}:(?:\s{{0,8}}[\"']|\s{{1,8}})", _SAID),
        (rf"(?:^|[^\w/.:@\-])(?:\w{{1,32}}_)?{_WORD}\w{{0,64}}:", rf"{_SAID}(?!\d+\))"),
    )
)


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the given secret values and without anything that looks like one."""
    for secret in sorted((value for value in secrets if len(value) >= 4), key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern, replacement in (_USER, *_ANYWHERE, _PAIR):
        text = pattern.sub(replacement, text)
    return text


def mask_prose(text: str) -> str:
    """As `mask`, for what people write of their data, where a name and a colon need be no secret's.

    `password: hunter-2` is masked, `password: hashed` and `struct<token:string>` are not. The users of addresses stay.
    """
    for pattern, replacement in (*_ANYWHERE, *_PAIRS_IN_PROSE):
        text = pattern.sub(replacement, text)
    return text


def names_a_secret(key: str) -> bool:
    """Whether a parameter of that name is secret: `dbPassword`, `api-key`, and what Spark redacts of its properties."""
    if _PROPERTY.match(key) and SECRET_KEY.search(key):
        return True
    name = _WORDS.sub("_", key)
    return SECRET_VARIABLE.search(name) is not None and _OF_A_TOKENIZER.search(name) is None


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
