"""Serverless compute of Databricks, where no listener can be: what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.targets.interface import Artefact, Rendered

if TYPE_CHECKING:
    from sparklineage.targets.interface import Existing, Order


def serverless(order: Order, into: Existing | None) -> Rendered:
    """A text, for there is nothing to configure. Raises ConfigError for a file to merge into."""
    if into is not None:
        raise ConfigError(
            f"{into.name}: platforms.databricks.accessMode is SERVERLESS, where no agent can be, so there is nothing "
            "to merge; write SINGLE_USER or USER_ISOLATION for a cluster."
        )
    notes = (
        "Serverless compute takes no init script and no spark.extraListeners: the agent cannot be installed there.",
    )
    text = _TEXT.replace("@NAME@", " ".join(order.name.split()))
    about = "what is left on serverless compute"
    return Rendered(artefacts=(Artefact(name="serverless.txt", text=text, about=about),), notes=notes)


_TEXT = """\
Lineage of @NAME@ on serverless compute of Databricks

Serverless compute runs no init script and takes no spark.extraListeners, and its Spark is reached through Spark Connect
alone. So the OpenLineage agent cannot be installed there, and there is nothing to configure.

What is left:

1. Run the job on a job cluster. With platforms.databricks.accessMode: SINGLE_USER no allowlist is needed, and
   `sparklineage conf databricks --application URI` writes the whole job.

2. Send events of your own from the code with OpenLineage's Python client (openlineage-python): START and COMPLETE, with
   the inputs and outputs that you know.

3. Unity Catalog keeps lineage of its own for the tables that it governs: system.access.table_lineage and
   system.access.column_lineage.

4. `sparklineage.step` can stay in code that also runs elsewhere: without a journal it does nothing and fails nothing.
   The package has to be in the environment of the job:

     environments:
       - environment_key: lineage
         spec:
           environment_version: "4"   # or a later one that the workspace has
           dependencies:
             - sparklineage-toolkit
"""
