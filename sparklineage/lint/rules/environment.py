"""Variables of the environment, and what they do to the settings beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.lint.rules.interface import Hit, rule
from sparklineage.lint.settings import AGENT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Sheet

_UNREAD = {
    "OPENLINEAGE_URL": "spark.openlineage.transport.url and spark.openlineage.transport.type=http",
    "OPENLINEAGE_ENDPOINT": "spark.openlineage.transport.endpoint",
    "OPENLINEAGE_API_KEY": "OPENLINEAGE__TRANSPORT__TYPE, OPENLINEAGE__TRANSPORT__AUTH__TYPE=api_key and "
    "OPENLINEAGE__TRANSPORT__AUTH__API_KEY together",
    "OPENLINEAGE_NAMESPACE": "spark.openlineage.namespace",
    "OPENLINEAGE_CONTEXT": "spark.openlineage.context",
}
_TRANSPORT = "OPENLINEAGE__TRANSPORT"
_AUTH = f"{_TRANSPORT}__AUTH"
_LOST = ("timeout.", "debug.")


@rule("SL070", "python-client-variable", "warning", "A variable that Spark's agent does not read")
def python_client_variable(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`OPENLINEAGE_URL`, `OPENLINEAGE_API_KEY`, `OPENLINEAGE_ENDPOINT` and `OPENLINEAGE_NAMESPACE` are for the Python
    client and Airflow, `OPENLINEAGE_CONTEXT` for dbt. The agent in Spark reads `OPENLINEAGE__TRANSPORT__TYPE` and the
    like (since 1.23.0), `OPENLINEAGE_CONFIG` and `OPENLINEAGE_DISABLED`.

    Source: executed, agent 1.53.0; agent source (the names do not occur in it).
    """
    for variable in sheet.environment:
        instead = _UNREAD.get(variable.key)
        if instead:
            yield Hit(
                at=variable,
                found=f"{variable.key} is set for Spark.",
                reality=f"{'dbt' if variable.key.endswith('CONTEXT') else 'The Python client'} reads it; "
                "the agent inside Spark does not.",
                fix=f"Use {instead}.",
            )


@rule("SL073", "variables-ignored", "error", "Variables that the agent ignores as a whole")
def variables_ignored(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The variables `OPENLINEAGE__…` are read as one document. Where they give a part of the transport without
    `OPENLINEAGE__TRANSPORT__TYPE`, or a key without `OPENLINEAGE__TRANSPORT__AUTH__TYPE`, that document cannot be read,
    and the agent goes on without any of them: the key in them is never sent.

    Source: executed, agent 1.53.0.
    """
    for stem in (_TRANSPORT, _AUTH):
        given = [variable for variable in sheet.environment if variable.key.startswith(f"{stem}__")]
        names = {variable.key for variable in sheet.environment}
        if given and not {stem, f"{stem}__TYPE", _TRANSPORT} & names and not sheet.partial:
            yield Hit(
                at=given[0],
                found=f"{given[0].key} is set without {stem}__TYPE.",
                reality="The agent cannot read such variables, and goes on as if none of them were set.",
                fix=f"Set {stem}__TYPE as well.",
            )


@rule("SL074", "lost-on-merging", "warning", "Settings that are lost on merging")
def lost_on_merging(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """As soon as there is an openlineage.yml or a variable `OPENLINEAGE__…`, the agent joins it with Spark's
    configuration, and loses all of `timeout.` and `debug.` over it, wherever they stand. In an openlineage.yml they
    have no effect in Spark at all.

    Source: executed, agent 1.53.0.
    """
    variables = [variable.key for variable in sheet.environment]
    merged = [key for key in variables if key == "OPENLINEAGE_CONFIG" or key.startswith("OPENLINEAGE__")]
    for name in _LOST:
        given = [setting for setting in sheet.below(name) if setting.value.strip() and not setting.late]
        lost = [setting for setting in given if setting.origin == "yaml" or merged]
        if lost:
            beside = "in a file that is joined with Spark's configuration" if not merged else f"beside {merged[0]}"
            yield Hit(
                at=lost[0],
                found=f"{lost[0].name} is set {beside}.",
                reality=f"Joining the two, the agent loses everything below {name.rstrip('.')}.",
                fix=f"Set {AGENT_PREFIX}{name}… in Spark's configuration, and have no openlineage.yml or "
                "OPENLINEAGE__ variable beside it; or do without.",
            )


@rule("SL076", "switched-off", "info", "Lineage is switched off")
def switched_off(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`spark.openlineage.disabled=true` (since 1.35.0) and `OPENLINEAGE_DISABLED=true` keep the agent from sending
    anything. In an openlineage.yml `disabled` does nothing.

    Source: executed, agent 1.53.0 (the property, the file); agent source.
    """
    disabled = sheet.agent("disabled")
    variables = [variable for variable in sheet.environment if variable.key == "OPENLINEAGE_DISABLED"]
    for setting in ([disabled] if disabled else []) + variables:
        if setting.value.strip().lower() == "true":
            in_file = setting.origin == "yaml"
            yield Hit(
                at=setting,
                found=f"{setting.name} is true.",
                reality="Spark's agent does not read it in this file, and goes on sending events."
                if in_file
                else "The agent sends no events.",
                fix=f"Set {AGENT_PREFIX}disabled=true or the variable OPENLINEAGE_DISABLED=true."
                if in_file
                else "Take it away when lineage is wanted again.",
                severity="warning" if in_file else None,
            )
