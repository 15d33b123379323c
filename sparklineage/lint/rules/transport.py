"""The block that says where events go: its type, and what that needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.catalogue import catalogue
from sparklineage.errors import suggestion
from sparklineage.lint.rules.agents import agent_version
from sparklineage.lint.rules.destinations import TRANSPORT, destinations, from_environment, known, split
from sparklineage.lint.rules.interface import Hit, assigned, rule, spelled, unreadable
from sparklineage.lint.settings import AGENT_PREFIX
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.destinations import Destination
    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Sheet

_AUTH = {"api_key": ("apiKey",), "jwt": ("tokenEndpoint", "apiKey")}
"""What each type of authentication needs."""


@rule("SL010", "no-transport-type", "error", "A transport without transport.type")
def no_type(sheet: Sheet, target: Target) -> Iterator[Hit]:
    """There is no default type. As soon as any `transport.` key is set, a missing `transport.type` makes the whole
    configuration unreadable (`InvalidTypeIdException`): the listener fails at every event, the job stays green, and
    nothing is sent. A type in `OPENLINEAGE__TRANSPORT__TYPE` does not help, for Spark's configuration is read on its
    own first; nor does one elsewhere help a transport inside another. Of an openlineage.yml the agent leaves out the
    whole file, with a line of the level INFO alone. Agents 0.22 to 1.12 printed the events to the log instead.

    Source: executed, agent 1.53.0; OpenLineage#2045; the Airflow example of the documentation has this mistake.
    """
    version = agent_version(sheet, target)
    if sheet.partial or (version and numbers(version) < (0, 22)):
        return
    old = bool(version) and numbers(version or "") < (1, 13)
    for transport in destinations(sheet):
        if transport.kind or not transport.settings:
            continue
        setting = transport.get("url") or transport.settings[0]
        name = f"{_short(transport)}type"
        yield Hit(
            at=setting,
            found=f"{setting.name} is set, but no {name}.",
            reality="The agent prints the events to the log and sends nothing." if old else unreadable(setting),
            fix=f"Add {assigned(setting, name, 'http')} (or kafka, file, console …).",
        )


@rule("SL017", "unknown-transport", "error", "An unknown type of transport")
def unknown_type(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The agent finds no transport of that name (`Failed to find TransportBuilder`) unless a JAR of yours brings one.
    DataHub, for one, has no type of its own: it is reached with `http`.

    Source: executed, agent 1.53.0; agent source, all release tags.
    """
    key = catalogue().find(f"{TRANSPORT}type")
    choices = key.values if key else ()
    for transport in destinations(sheet):
        if transport.kind and transport.type and transport.type not in choices:
            yield Hit(
                at=transport.kind,
                found=f"{transport.kind.name} names a transport that no known agent brings.",
                reality=unreadable(transport.kind, "Unless a JAR of yours brings it, no transport can be made"),
                fix=suggestion(transport.type, choices).strip() or f"Write one of {', '.join(choices)}.",
            )


@rule("SL018", "incomplete-transport", "error", "A transport without what it needs")
def incomplete(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Each type of transport has keys that it cannot do without, such as `url` of `http`: the agent then reports, for
    example, `url can't be null, try setting transport.url in config`, and sends nothing. One such transport inside
    another keeps that one from being made as well.

    Source: executed, agent 1.53.0 (http, file, composite); agent source.
    """
    if sheet.partial or from_environment(sheet):
        return
    for transport in destinations(sheet):
        needed = [key for key in catalogue().needed(transport.type) if not transport.has(key)]
        if transport.kind and needed:
            names = [_short(transport) + key.key.removeprefix(TRANSPORT) for key in needed]
            yield Hit(
                at=transport.kind,
                found=f"{_short(transport)}type is {transport.kind.value.strip()}, without {' and '.join(names)}.",
                reality="The transport cannot be made, and no event is sent.",
                fix=f"Set {' and '.join(spelled(transport.kind, name) for name in names)}.",
            )


@rule("SL019", "bare-file-name", "error", "A file transport without a folder")
def bare_file(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The file transport asks for the folder of its `location`; a bare file name has none (`NullPointerException`), and
    no event is written.

    Source: executed, agent 1.53.0; in YARN's cluster mode the swallowed exception has been seen.
    """
    for transport in destinations(sheet):
        location = transport.get("location")
        if transport.type == "file" and location and location.known:
            value = location.value.strip()
            if "/" not in value and "\\" not in value:
                yield Hit(
                    at=location,
                    found=f"{_short(transport)}location is a file name without a folder.",
                    reality="The file transport fails at it, and no event is written.",
                    fix="Write an absolute path, such as /var/log/lineage/events.ndjson; it lies on the driver's "
                    "machine.",
                )


@rule("SL020", "unknown-auth-type", "error", "An unknown type of authentication")
def auth_type(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`transport.auth.type` is `api_key`, `jwt`, or the name of a class, in exactly these letters. Anything else, also
    the `apiKey` of the documentation, is looked for as a class: `No class matches …`.

    Source: executed, agent 1.53.0; agent source.
    """
    for transport in destinations(sheet):
        setting = transport.get("auth.type")
        value = setting.value.strip() if setting and setting.known else ""
        if setting and value and value not in {"api_key", "jwt"} and "." not in value:
            yield Hit(
                at=setting,
                found=f"{setting.name} is neither api_key nor jwt nor a class.",
                reality=unreadable(setting, "The agent looks for a class of that name and finds none"),
                fix=suggestion(value.lower(), ("api_key", "jwt")).strip() or "Write api_key or jwt.",
            )


@rule("SL021", "foreign-key", "warning", "A key of another type of transport")
def foreign_key(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Each type of transport has keys of its own. A key that the chosen one does not have is ignored without a word.
    (Inside a composite or transform transport it is an error: see SL016.)

    Source: executed, agent 1.53.0.
    """
    types = {name for key in catalogue().keys for name in key.transports}
    for transport in destinations(sheet):
        for setting in transport.settings if transport.type in types and not transport.nested else ():
            key = known(setting.key)
            if key and key.status == "active" and key.transports and transport.type not in key.transports:
                yield Hit(
                    at=setting,
                    found=f"{setting.name} belongs to {_or(key.transports)}, and transport.type is {transport.type}.",
                    reality="The agent ignores it without a word.",
                    fix=f"Set transport.type to {_or(key.transports)}, or remove the key.",
                )


@rule("SL022", "incomplete-auth", "error", "An authentication that is not complete")
def incomplete_auth(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Keys below `transport.auth.` need `auth.type` beside them, and the type `jwt` needs `tokenEndpoint` and `apiKey`:
    without them the whole configuration is unreadable. The type `api_key` without `auth.apiKey` sends
    `Authorization: Bearer null`, even where a variable or an openlineage.yml has the key: the stronger `auth` replaces
    the weaker one as a whole.

    Source: executed, agent 1.53.0, 1.37.0 and 1.32.0.
    """
    for transport in destinations(sheet) if not sheet.partial else ():
        given = [setting for setting in transport.settings if split(setting.key)[1].startswith("auth.")]
        kind = transport.get("auth.type")
        need = _AUTH.get(kind.value.strip(), ()) if kind else ("type",)
        missing = [f"{_short(transport)}auth.{name}" for name in need if transport.get(f"auth.{name}") is None]
        if given and missing:
            at = kind or given[0]
            silent = kind is not None and kind.value.strip() == "api_key"
            names = " and ".join(spelled(at, name) for name in missing)
            yield Hit(
                at=at,
                found=f"{at.name} is set without {' and '.join(missing)}.",
                reality="The agent sends `Authorization: Bearer null`; a key from a variable or an openlineage.yml is "
                "not joined to it."
                if silent
                else unreadable(at),
                fix="Give both in the same place."
                if silent
                else f"Set {names}{' (api_key or jwt)' if kind is None else ''}.",
                severity="warning" if silent else None,
            )


def _short(transport: Destination) -> str:
    """`transport.` or, for one inside it, such as `transport.transports.marquez.`."""
    return transport.stem.removeprefix(AGENT_PREFIX)


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(names)
