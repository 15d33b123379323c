"""What Databricks does differently from a plain Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.lint.rules.agents import LISTENER, agents
from sparklineage.lint.rules.interface import Hit, rule
from sparklineage.lint.settings import LISTENERS, PACKAGES
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Sheet

EVENT_LOG = "com.databricks.backend.daemon.driver.DBCEventLoggingListener"
_STANDARD = frozenset(("USER_ISOLATION", "DATA_SECURITY_MODE_STANDARD"))


@rule("SL080", "event-log-listener", "warning", "Databricks without its own listener")
def event_log_listener(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Databricks sets `spark.extraListeners` itself, to the listener that writes its event log. A value of your own
    replaces it, and after the cluster has ended its Spark UI is not there.

    Source: agent documentation, configuration; OpenLineage#3251. Not seen here, for want of a workspace.
    """
    setting = sheet.get(LISTENERS)
    if sheet.platform != "databricks" or setting is None or setting.late or not setting.known:
        return
    if setting.entries and EVENT_LOG not in setting.entries:
        yield Hit(
            at=setting,
            found="spark.extraListeners leaves out the listener that Databricks sets there.",
            reality="Yours replaces it: the Spark UI is gone when the cluster has ended.",
            # Other classes are not shown: what stands where it does not belong may be a secret.
            fix=f"Write {EVENT_LOG},{LISTENER}."
            if setting.entries == (LISTENER,)
            else f"Put {EVENT_LOG} in front, with a comma.",
        )


@rule("SL081", "dbfs-script", "error", "An init script on DBFS")
def dbfs_script(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Databricks has not loaded init scripts from DBFS since September 2023: `FEATURE_DISABLED: Init scripts cannot
    be loaded from DBFS`. The cluster does not start.

    Source: agent documentation, quickstart for Databricks; microsoft/Purview-ADB-Lineage-Solution-Accelerator#234.
    Not seen here, for want of a workspace.
    """
    for script in sheet.scripts if sheet.platform == "databricks" else ():
        if script.value.strip().lower().startswith("dbfs:") or script.name.endswith(".dbfs"):
            yield Hit(
                at=script,
                found="An init script lies on DBFS.",
                reality="Databricks no longer loads it, and the cluster does not start (FEATURE_DISABLED).",
                fix="Put it in a volume (/Volumes/…, runtime 13.3 or later) or among the workspace files "
                "(/Workspace/…).",
            )


@rule("SL084", "volume-and-runtime", "error", "A volume that the runtime does not know")
def volume_and_runtime(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Init scripts in volumes of Unity Catalog need Databricks runtime 13.3 or later; an earlier cluster does not find
    them and does not start.

    Source: Databricks documentation, init scripts. Not seen here, for want of a workspace.
    """
    release = numbers(sheet.release or "")
    for script in sheet.scripts if sheet.platform == "databricks" else ():
        if script.value.strip().startswith("/Volumes/") and release and release[:2] < (13, 3):
            yield Hit(
                at=script,
                found=f"An init script lies in a volume, and the runtime is {sheet.release}.",
                reality="Runtimes before 13.3 do not load scripts from volumes, and the cluster does not start.",
                fix="Take runtime 13.3 or later, or put the script among the workspace files (/Workspace/…).",
            )


@rule("SL085", "agent-as-library", "error", "The agent as a library of the cluster")
def agent_as_library(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Databricks installs libraries and `spark.jars.packages` when the driver is up already. By then
    `spark.extraListeners` has been read: the class is not found
    (`ClassNotFoundException … ClassLoaders$LibraryClassLoader`), and the driver does not start.

    Source: agent documentation, quickstart for Databricks. Not seen here, for want of a workspace.
    """
    for agent in agents(sheet) if sheet.platform == "databricks" else ():
        if agent.setting.spelled.startswith("libraries.") or agent.setting.key == PACKAGES:
            yield Hit(
                at=agent.setting,
                found=f"{agent.setting.name} brings the agent.",
                reality="It is installed when the driver is up, too late for spark.extraListeners.",
                fix="Copy the JAR to /databricks/jars with an init script.",
            )


@rule("SL087", "not-on-allowlist", "info", "A shared cluster, where scripts and JARs need leave")
def not_on_allowlist(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """In the standard (shared) access mode init scripts and JARs work only where they stand on the allowlist of the
    metastore, which is empty at first; on serverless compute there is no listener at all.

    Source: Databricks documentation, allowlist. Not seen here, for want of a workspace.
    """
    mode = next((setting for setting in sheet.all("data_security_mode") if setting.value.strip() in _STANDARD), None)
    listeners = sheet.get(LISTENERS)
    if mode and sheet.platform == "databricks" and listeners and LISTENER in listeners.entries:
        yield Hit(
            at=mode,
            found="The agent's listener is set on a cluster in the standard access mode.",
            reality="Unless its script and its JAR stand on the metastore's allowlist, the cluster cannot load it.",
            fix="Have both put on the allowlist, or take the dedicated access mode.",
        )


@rule("SL088", "quote-in-variable", "error", "A quote in a variable of a Databricks cluster")
def quote_in_variable(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Databricks writes the variables of a cluster as `export NAME='value'`. A single quote in a value ends it early.

    Source: Databricks, description of spark_env_vars in the Clusters API. Not seen here, for want of a workspace.
    """
    for variable in sheet.environment if sheet.platform == "databricks" else ():
        if "'" in variable.value:
            yield Hit(
                at=variable,
                found=f"The value of {variable.key} has a single quote in it.",
                reality="Databricks writes it between single quotes, so that the value ends there.",
                fix='Take the quotes off, or write JSON with ".',
            )
