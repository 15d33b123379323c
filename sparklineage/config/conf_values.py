"""The class of each property's value, from the catalogue of keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.catalogue import catalogue
from sparklineage.errors import ConfigError
from sparklineage.model.conf_lists import BracketList, CommaList, SemicolonList
from sparklineage.model.conf_pattern import Pattern
from sparklineage.model.conf_tags import Pairs
from sparklineage.model.conf_value import SecretValue, Text
from sparklineage.model.masking import SECRET_KEY
from sparklineage.model.secret import Secret

if TYPE_CHECKING:
    from sparklineage.config.catalogue import Type
    from sparklineage.model.conf_value import ConfValue

_CLASSES: dict[Type, type[ConfValue]] = {
    "comma list": CommaList,
    "[a;b] list": BracketList,
    "a;b list": SemicolonList,
    "k:v list": Pairs,
}
_REDACTION = "spark.redaction.regex"
"""Of the patterns, the only one that is a list of alternatives."""
_NESTED = re.compile(r"(spark\.openlineage\.transport\.)(?:transports\.[^.]+|transport)\.(.+)", re.DOTALL)
_PRODUCER = "spark.openlineage.transport.properties."


def typed(key: str, text: str) -> ConfValue:
    """The value of one property, of the class that its key asks for; a text where nobody knows the key.

    Raises ConfigError, which names the property and never a secret, for a text that the class cannot read.
    """
    chosen = value_class(key)
    try:
        return chosen.read(text)
    except ConfigError as error:
        raise ConfigError(f"{key}: {error}") from None


def typed_theirs(key: str, text: str) -> ConfValue:
    """The value of a property in a file of the user's, where people may write what they like: a text that its class
    cannot read stays a text. What looks like a reference to a secret is none there, since nobody resolves it.
    """
    try:
        value = typed(key, text)
    except ConfigError:
        value = Text(text)
    hidden = isinstance(value, SecretValue) or (SECRET_KEY.search(key) and not is_no_secret(key))
    return SecretValue(Secret(text)) if hidden else value


def is_no_secret(key: str) -> bool:
    """Whether a property is one of the agent's that is known, and no secret; a family of keys is not known so well."""
    known = catalogue().find(_outermost(key))
    return known is not None and known.reader == "agent" and not known.secret and not known.key.endswith(">")


def _outermost(key: str) -> str:
    """A transport inside of another one has the keys of any transport."""
    while nested := _NESTED.fullmatch(key):
        key = nested[1] + nested[2]
    return key


def value_class(key: str) -> type[ConfValue]:
    """The class for the values of a property."""
    if key == _REDACTION:
        return Pattern
    key = _outermost(key)
    known = catalogue().find(key)
    if known is None:
        return Text
    # Kafka's own properties are a family in which some are secret: `sasl.jaas.config`.
    if known.secret or (key.startswith(_PRODUCER) and SECRET_KEY.search(key.removeprefix(_PRODUCER))):
        return SecretValue
    return _CLASSES.get(known.type, Text)
