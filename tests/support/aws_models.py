"""What a service of AWS would refuse in a request, by the model that its own client ships with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator


@cache
def _shape(service: str, operation: str) -> Any:
    return botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape


def refusals(service: str, operation: str, request: dict[str, Any], *, later: tuple[str, ...] = ()) -> list[str]:
    """Unknown, missing and wrongly typed fields, and what is too long or of a wrong pattern, which botocore leaves out.

    `later` are required fields that the caller gives beside the request.
    """
    shape = _shape(service, operation)
    whole = {**dict.fromkeys(later, "0" * 20), **request}
    report = ParamValidator().validate(whole, shape).generate_report()
    return [*filter(None, report.splitlines()), *_limits(request, shape, operation)]


def _limits(value: Any, shape: Any, path: str) -> Iterator[str]:
    most, least = shape.metadata.get("max"), shape.metadata.get("min", 0)
    if most is not None and hasattr(value, "__len__") and not least <= len(value) <= most:
        yield f"{path}: {len(value)} is not within {least} and {most}"
    if shape.type_name == "structure":
        for name, child in value.items():
            yield from _limits(child, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for child in value:
            yield from _limits(child, shape.member, f"{path}[]")
    elif shape.type_name == "map":
        for key, child in value.items():
            yield from _limits(key, shape.key, f"{path}.{key}")
            yield from _limits(child, shape.value, f"{path}.{key}")
    elif shape.type_name == "string":
        # Written for UTF-16, where a character beyond the first plane is two halves.
        pattern = shape.metadata.get("pattern", "(?s:.*)").replace(
            r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff"
        )
        if not re.fullmatch(pattern, value):
            yield f"{path}: {value[:60]!r} is not of {pattern}"
