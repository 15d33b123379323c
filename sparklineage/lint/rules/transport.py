"""The block that says where events go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from sparklineage.config.catalogue import PREFIX, catalogue
from sparklineage.errors import suggestion
from sparklineage.lint.rules.agents import agent_version
from sparklineage.lint.rules.interface import Hit, rule
from sparklineage.lint.settings import AGENT_PREFIX, UNKNOWN
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Setting, Sheet

_REQUIRED = {
    "http": ("url",),
    "kafka": ("topicName",),
    "file": ("location",),
    "kinesis": ("streamName",),
    "gcs": ("projectId", "bucketName"),
    "s3": ("bucketName",),
    "amazon_datazone_api": ("domainId",),
    "transform": ("transformerClass",),
}
_NESTED = re.compile(r"spark\.openlineage\.transport\.(?:transports\.[^.]+|transport)\.(.+)", re.DOTALL)
_MAPS = re.compile(r"(properties|urlParams|headers)\.(.+)", re.DOTALL)
_API = re.compile(r"/api/v[^/]*(?:/|$)")
_READ_PARAMETERS = frozenset(("api_key", "app_name"))
_GREEN = "the job runs, and no event is sent."
_FAILS = f"The agent cannot read its configuration: {_GREEN}"


@rule("SL010", "no-transport-type", "error", "A transport without transport.type")
def no_type(sheet: Sheet, target: Target) -> Iterator[Hit]:
    """There is no default type. As soon as any `transport.` key is set, a missing `transport.type` makes the whole
    configuration unreadable (`InvalidTypeIdException`): the listener fails at every event, the job stays green, and
    nothing is sent. Agents 0.22 to 1.12 printed the events to the log instead.

    Source: executed with Jackson; OpenLineage#2045; the Airflow example of the documentation has this mistake.
    """
    given = [setting for setting in sheet.below("transport.") if not setting.late and setting.value.strip()]
    if not given or sheet.partial or sheet.agent("transport.type") or _from_environment(sheet):
        return
    version = agent_version(sheet, target)
    if version and numbers(version) < (0, 22):
        return
    old = bool(version) and numbers(version or "") < (1, 13)
    setting = next((setting for setting in given if setting.key.endswith(".url")), given[0])
    yield Hit(
        at=setting,
        found=f"{setting.name} is set, but no transport.type.",
        reality="The agent prints the events to the log and sends nothing." if old else _FAILS,
        fix=f"Add {'transport.type: http' if setting.origin == 'yaml' else 'spark.openlineage.transport.type=http'}"
        " (or kafka, file, console …).",
    )


@rule("SL011", "url-path-cut", "error", "The path of transport.url is cut off")
def url_path(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Of a `transport.url` in Spark's configuration, with the type `http`, only scheme, host and port are kept. Events
    go to `/api/v1/lineage` of that host, whatever the path says, unless the path begins with `/api/v`.

    Source: agent source, UrlParser.
    """
    url = _reparsed(sheet)
    if url is None:
        return
    path = _path(url.value)
    if path.strip("/") and UNKNOWN not in path and not _API.match(path):
        yield Hit(
            at=url,
            found="transport.url has a path that does not begin with /api/v.",
            reality="The agent cuts the path off and posts to /api/v1/lineage of the host.",
            fix="Keep scheme, host and port in transport.url; put the whole path into "
            "spark.openlineage.transport.endpoint.",
        )


@rule("SL012", "url-query-lost", "error", "The query parameters of transport.url are lost")
def url_query(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Of the query of a `transport.url` in Spark's configuration only `api_key` and `app_name` are read. Any other
    parameter ends in a key without its dot (`transport.urlParamscode`) and is never sent.

    Source: agent source, UrlParser.
    """
    url = _reparsed(sheet)
    if url is None:
        return
    names = [name for name, _ in _query(url.value) if name not in _READ_PARAMETERS]
    if names:
        shown = [name for name in names if re.fullmatch(r"[A-Za-z][\w.-]{0,30}", name)]
        keys = [
            f"spark.openlineage.transport.urlParams.{name}" for name in shown if name not in {"timeout", "disabled"}
        ]
        yield Hit(
            at=url,
            found=f"transport.url has the query parameter{'s' if len(shown) > 1 else ''} {', '.join(shown) or '(…)'}.",
            reality="The agent takes them off the address and never sends them.",
            fix=f"Write {' and '.join(keys)}."
            if keys
            else "Take them off; transport.timeoutInMillis sets a time limit.",
        )


@rule("SL013", "url-path-and-endpoint", "error", "A URL with a path, and an endpoint")
def path_and_endpoint(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Where the URL is not taken apart (openlineage.yml, nested transports), one with a path is used as it is, and an
    `endpoint` beside it is refused: `You can't pass both uri and endpoint parameters.`

    Source: agent source.
    """
    for url in _whole_urls(sheet):
        endpoint = sheet.get(url.key.removesuffix("url") + "endpoint")
        if endpoint is not None and _path(url.value) and endpoint.value:
            yield Hit(
                at=url,
                found=f"{url.name} has a path, and {endpoint.name} is set too.",
                reality=f"The agent refuses both together: {_GREEN}",
                fix="Keep scheme, host and port in the url and the whole path in the endpoint.",
            )


@rule("SL014", "url-trailing-slash", "error", "A URL that ends in a slash")
def trailing_slash(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Where the URL is not taken apart (openlineage.yml, nested transports), any path counts as the whole path, even
    a lone `/`: `/api/v1/lineage` is not appended, and events are posted to the root of the server.

    Source: agent source.
    """
    for url in _whole_urls(sheet):
        if _path(url.value) == "/" and sheet.get(url.key.removesuffix("url") + "endpoint") is None:
            yield Hit(
                at=url,
                found=f"{url.name} ends in a slash.",
                reality="The agent takes / for the whole path and posts to it, not to /api/v1/lineage.",
                fix="Take the slash off.",
            )


@rule("SL015", "dotted-nested-name", "error", "A dotted name inside a nested transport")
def dotted_name(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Names with dots below `properties`, `headers` or `urlParams` stay whole only in the top transport. Inside a
    composite or transform transport they are split at the dots (`bootstrap` → `servers`), and reading fails:
    `MismatchedInputException: Cannot deserialize value of type String from Object`. The example in the
    documentation for composite with kafka is of this kind.

    Source: executed with Jackson.
    """
    for setting in sheet.settings:
        nested = _NESTED.fullmatch(setting.key) if setting.origin != "yaml" else None
        name = _MAPS.fullmatch(nested[1]) if nested else None
        if name and "." in name[2]:
            yield Hit(
                at=setting,
                found=f"{name[2]} has dots, inside a nested transport.",
                reality=f"The agent splits the name at the dots and then fails: {_GREEN}",
                fix="Give this transport alone at the top, or the whole composite transport in an openlineage.yml.",
            )


@rule("SL016", "unknown-nested-key", "error", "An unknown key inside a nested transport")
def nested_key(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """At the top an unknown key is ignored; inside a composite or transform transport it is not. One of them, and
    reading fails: `RuntimeException: Error creating transport config`.

    Source: agent source.
    """
    for setting in sheet.settings:
        nested = _NESTED.fullmatch(setting.key)
        if not nested or UNKNOWN in setting.key or _NESTED.fullmatch(f"{PREFIX}transport.{nested[1]}"):
            continue
        name = f"{PREFIX}transport.{nested[1]}"
        known = catalogue().find(name)
        if known is None or known.status != "active":
            near = catalogue().nearest(name)
            yield Hit(
                at=setting,
                found=f"{nested[1]} is no key of a transport.",
                reality=f"Inside a nested transport an unknown key is an error: {_GREEN}",
                fix=f"Did you mean {near.removeprefix(PREFIX + 'transport.')}?" if near else "Remove it.",
            )


@rule("SL017", "unknown-transport", "error", "An unknown type of transport")
def unknown_type(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The agent finds no transport of that name (`Failed to find TransportBuilder`) unless a JAR of yours brings one.
    DataHub, for one, has no type of its own: it is reached with `http`.

    Source: agent source, all release tags.
    """
    key = catalogue().find(f"{PREFIX}transport.type")
    known = key.values if key else ()
    for setting in sheet.settings:
        nested = _NESTED.fullmatch(setting.key)
        if (nested[1] == "type" if nested else setting.key == f"{PREFIX}transport.type") and setting.known:
            value = setting.value.strip()
            if value and value.lower() not in known:
                hint = suggestion(value.lower(), known).strip()
                yield Hit(
                    at=setting,
                    found=f"{setting.name} names a transport that no known agent brings.",
                    reality="Without a JAR that brings it, the agent fails to start a transport and sends nothing.",
                    fix=hint or f"Write one of {', '.join(known)}.",
                )


@rule("SL018", "incomplete-transport", "error", "A transport without what it needs")
def incomplete(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Each type of transport has keys that it cannot do without, such as `url` of `http`: the agent then reports, for
    example, `url can't be null, try setting transport.url in config`, and sends nothing.

    Source: agent source.
    """
    kind = sheet.agent("transport.type")
    if kind is None or sheet.partial or not kind.known or _from_environment(sheet):
        return
    missing = [
        name for name in _REQUIRED.get(kind.value.strip().lower(), ()) if sheet.agent(f"transport.{name}") is None
    ]
    if missing:
        names = " and ".join(f"transport.{name}" for name in missing)
        yield Hit(
            at=kind,
            found=f"transport.type is {kind.value.strip()}, without {names}.",
            reality="The transport cannot be made, and no event is sent.",
            fix=f"Set {names}.",
        )


@rule("SL019", "bare-file-name", "error", "A file transport without a folder")
def bare_file(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The file transport asks for the folder of its `location`; a bare file name has none (`NullPointerException`), and
    no event is written.

    Source: agent source; in YARN's cluster mode the swallowed exception has been seen.
    """
    kind, location = sheet.agent("transport.type"), sheet.agent("transport.location")
    if kind and location and kind.value.strip().lower() == "file" and location.known:
        value = location.value.strip()
        if value and "/" not in value and "\\" not in value:
            yield Hit(
                at=location,
                found="transport.location is a file name without a folder.",
                reality="The file transport fails at it, and no event is written.",
                fix="Write an absolute path, such as /var/log/lineage/events.ndjson; it lies on the driver's machine.",
            )


@rule("SL020", "unknown-auth-type", "error", "An unknown type of authentication")
def auth_type(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`transport.auth.type` is `api_key`, `jwt`, or the name of a class. Anything else, also the `apiKey` of the
    documentation, is looked for as a class: `No class matches …`.

    Source: agent source.
    """
    setting = sheet.agent("transport.auth.type")
    if setting and setting.known:
        value = setting.value.strip()
        if value and value not in {"api_key", "jwt"} and "." not in value:
            yield Hit(
                at=setting,
                found=f"{setting.name} is neither api_key nor jwt nor a class.",
                reality=f"The agent looks for a class of that name and finds none: {_GREEN}",
                fix=suggestion(value.lower(), ("api_key", "jwt")).strip() or "Write api_key or jwt.",
            )


def _from_environment(sheet: Sheet) -> bool:
    return any(variable.key.startswith("OPENLINEAGE__TRANSPORT") for variable in sheet.environment)


def _reparsed(sheet: Sheet) -> Setting | None:
    """The URL that the agent takes apart: in Spark's configuration, beside the exact type `http`."""
    kind, url = sheet.agent("transport.type"), sheet.agent("transport.url")
    if kind is None or url is None or kind.value.strip() != "http" or url.origin == "yaml":
        return None
    return url if "://" in url.value else None


def _whole_urls(sheet: Sheet) -> Iterator[Setting]:
    """The URLs that the agent uses as they are."""
    kind = sheet.agent("transport.type")
    top = kind is not None and kind.value.strip().lower() == "http" and kind.value.strip() != "http"
    for setting in sheet.settings:
        nested = _NESTED.fullmatch(setting.key)
        at_top = setting.key == f"{AGENT_PREFIX}transport.url"
        if (nested and nested[1] == "url") or (at_top and (top or setting.origin == "yaml")):
            yield setting


def _path(url: str) -> str:
    try:
        return urlsplit(url.strip()).path if "://" in url else ""
    except ValueError:
        return ""


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url.strip()).query, keep_blank_values=False)
    except ValueError:
        return []
