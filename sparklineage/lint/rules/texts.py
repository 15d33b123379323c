"""Texts that do not mean what they look like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.lint.rules.interface import Hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Sheet

_SPARKS_OWN = re.compile(r"\$\{(?:env|system):[^}]*\}")


@rule("SL027", "not-expanded", "error", "A variable that Spark does not put in")
def not_expanded(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Spark puts in `${env:NAME}` and `${system:name}` only where it knows the property itself. In the agent's they
    stay as they are written, and the agent takes them for the value.

    Source: executed on Spark 3.5.9 and 4.3.0.
    """
    for setting in sheet.below(""):
        if setting.origin != "yaml" and _SPARKS_OWN.search(setting.value):
            yield Hit(
                at=setting,
                found=f"{setting.name} has a variable of Spark's configuration in it.",
                reality="Spark does not put it in there: the agent gets the text as it stands.",
                fix="Write the value itself, or set it with --conf from a variable of the shell; for a secret use the "
                "agent's own variables (OPENLINEAGE__…).",
            )


@rule("SL028", "pattern-without-group", "error", "A pattern that removes nothing")
def pattern_without_group(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`dataset.removePath.pattern` takes out of a path what its group `remove` finds: `(?<remove>…)`. Without that
    group nothing is taken out.

    Source: executed, agent 1.53.0; OpenLineage#1794.
    """
    setting = sheet.agent("dataset.removePath.pattern")
    value = setting.value.strip() if setting and setting.known else ""
    # In brackets it is no pattern at all: see SL031.
    if setting and value and "(?<remove>" not in value and not (value.startswith("[") and value.endswith("]")):
        yield Hit(
            at=setting,
            found=f"{setting.name} has no group named remove.",
            reality="The agent takes nothing out of the names of datasets.",
            fix="Put the part to take out in (?<remove>…).",
        )


@rule("SL029", "bearer-twice", "error", "A key that begins with Bearer")
def bearer_twice(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The agent sends `Authorization: Bearer ` and then the key. A key that begins with `Bearer ` itself, as Airflow
    injects it, makes `Bearer Bearer`, which backends refuse.

    Source: executed, agent 1.53.0; Airflow's OpenLineage provider.
    """
    keys = [setting for setting in sheet.below("transport.") if setting.key.endswith(".auth.apiKey")]
    keys += [variable for variable in sheet.environment if variable.key == "OPENLINEAGE__TRANSPORT__AUTH__API_KEY"]
    for setting in keys:
        if setting.value.lstrip().lower().startswith("bearer "):
            yield Hit(
                at=setting,
                found=f"{setting.name} begins with Bearer.",
                reality="The agent puts the word in front itself: the backend gets it twice, and refuses the events.",
                fix="Give the key alone.",
            )
