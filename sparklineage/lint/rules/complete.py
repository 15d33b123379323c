"""Commands and files from which half of the lineage is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.lint.readers.command_line import BLANK
from sparklineage.lint.rules.agents import LISTENER, agents, may_bring_an_agent
from sparklineage.lint.rules.destinations import TRANSPORT, from_environment
from sparklineage.lint.rules.interface import Hit, assigned, rule
from sparklineage.lint.settings import LISTENERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Sheet


@rule("SL007", "blank-after-dashes", "error", "A blank behind the dashes of an option")
def blank_after_dashes(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`-- conf` is no option: `spark-submit` ends with `Error: Unrecognized option: --`, and nothing is started.

    Source: executed on Spark 3.5.9 and 4.2.0; OpenLineage#1097.
    """
    for setting in sheet.all(BLANK):
        yield Hit(
            at=setting,
            found=f"There is a blank in -- {setting.value}.",
            reality="The application does not start: Unrecognized option: --.",
            fix=f"Write --{setting.value}.",
        )


@rule("SL057", "transport-without-agent", "info", "A transport, and nobody to use it")
def transport_without_agent(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """A command says where events go, but neither names the listener nor brings the agent. Unless
    `spark-defaults.conf` does both, Spark ignores the properties, and there are no events.

    Source: OpenLineage#3115; executed on Spark 3.5 and 4.2 (a property that no code reads has no effect).
    """
    given = [setting for setting in sheet.settings if setting.key.startswith(TRANSPORT)]
    if not given or given[0].origin != "command" or sheet.get(LISTENERS) or may_bring_an_agent(sheet):
        return
    yield Hit(
        at=given[0],
        found=f"{given[0].name} is set, and nothing here names the listener or brings the agent.",
        reality="Unless spark-defaults.conf does both, there are no events.",
        fix="Add --packages io.openlineage:openlineage-spark_2.12:1.53.0 (_2.13 for Spark 4) "
        f"and {LISTENERS}={LISTENER}.",
    )


@rule("SL058", "only-in-the-log", "info", "An agent without a transport")
def only_in_the_log(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Without any `spark.openlineage.transport.` the agent writes its events to the log of the driver (`console`),
    and sends them nowhere: unless variables, an openlineage.yml or another file tell it where to.

    Source: executed, agent 1.53.0 (the log has the events); OpenLineage#1756.
    """
    listener = sheet.get(LISTENERS)
    named = [agent for agent in agents(sheet) if not agent.setting.late]
    if sheet.partial or not named or not listener or LISTENER not in listener.entries:
        return
    # The witness gives every application below a spool its own file to write to.
    spooled = sheet.get("spark.sparklineage.spool") or sheet.get("spark.sparklineage.journal")
    elsewhere = spooled or from_environment(sheet) or any(one.key == "OPENLINEAGE_CONFIG" for one in sheet.environment)
    if not (elsewhere or sheet.scripts or sheet.agent("disabled") or next(sheet.below("transport."), None)):
        yield Hit(
            at=listener,
            found="The agent and its listener are here, and no transport.",
            reality="Unless another file sets one, the events are only in the driver's log.",
            fix=f"Add {assigned(listener, 'transport.type', 'http')} and transport.url; console, if that is meant.",
        )
