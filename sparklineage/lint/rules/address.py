"""The address of the backend, and what the agent makes of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from sparklineage.lint.rules.destinations import destinations
from sparklineage.lint.rules.interface import GREEN, Hit, rule
from sparklineage.lint.settings import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.destinations import Destination
    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Setting, Sheet

_API = re.compile(r"/api/v[^/]*(?:/|$)")
_READ_PARAMETERS = frozenset(("api_key", "app_name"))


@rule("SL011", "url-path-cut", "error", "The path of transport.url is cut off")
def url_path(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Of a `transport.url` in Spark's configuration, with the type `http`, only scheme, host and port are kept. Events
    go to `/api/v1/lineage` of that host, whatever the path says, unless the path begins with `/api/v`.

    Source: executed, agent 1.53.0; agent source, UrlParser.
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
            fix="Keep scheme, host and port in transport.url; put the whole path of the receiver, such as "
            "/prefix/api/v1/lineage, into spark.openlineage.transport.endpoint.",
        )


@rule("SL012", "url-query-lost", "error", "The query parameters of transport.url are lost")
def url_query(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Of the query of a `transport.url` in Spark's configuration only `api_key` and `app_name` are read. Any other
    parameter ends in a key without its dot (`transport.urlParamscode`) and is never sent.

    Source: executed, agent 1.53.0; agent source, UrlParser.
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

    Source: executed, agent 1.53.0.
    """
    for transport, url in _whole_urls(sheet):
        endpoint = transport.get("endpoint")
        if endpoint is not None and _path(url.value):
            yield Hit(
                at=url,
                found=f"{url.name} has a path, and {endpoint.name} is set too.",
                reality=f"The agent refuses both together: {GREEN}",
                fix="Keep scheme, host and port in the url and the whole path in the endpoint.",
            )


@rule("SL014", "url-trailing-slash", "error", "A URL that ends in a slash")
def trailing_slash(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Where the URL is not taken apart (openlineage.yml, nested transports), any path counts as the whole path, even
    a lone `/`: `/api/v1/lineage` is not appended, and events are posted to the root of the server.

    Source: executed, agent 1.53.0.
    """
    for transport, url in _whole_urls(sheet):
        if _path(url.value) == "/" and transport.get("endpoint") is None:
            yield Hit(
                at=url,
                found=f"{url.name} ends in a slash.",
                reality="The agent takes / for the whole path and posts to it, not to /api/v1/lineage.",
                fix="Take the slash off.",
            )


def _reparsed(sheet: Sheet) -> Setting | None:
    """The URL that the agent takes apart: in Spark's configuration, beside the exact type `http`."""
    kind, url = sheet.agent("transport.type"), sheet.agent("transport.url")
    if kind is None or url is None or kind.value.strip() != "http" or url.origin == "yaml":
        return None
    return url if "://" in url.value else None


def _whole_urls(sheet: Sheet) -> Iterator[tuple[Destination, Setting]]:
    """The URLs that the agent uses as they are."""
    for transport in destinations(sheet):
        url, kind = transport.get("url"), transport.kind
        if url is None:
            continue
        # The agent takes apart only that of the exact type `http`.
        other_case = kind is not None and transport.type == "http" and kind.value.strip() != "http"
        if transport.nested or other_case or url.origin == "yaml":
            yield transport, url


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
