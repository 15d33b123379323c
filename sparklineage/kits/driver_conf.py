"""The file that gives a Databricks driver its Spark properties: a block `[driver] {…}` of HOCON.

Source: Databricks documentation, external Apache Hive metastore (an init script that writes
`/databricks/driver/conf/00-custom-spark.conf`); agent source, open-lineage-init-script.sh. Several scripts that write
one file break it, so ours has a name of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "/databricks/driver/conf/00-sparklineage.conf"


def driver_conf(properties: Mapping[str, str], *, agent: str) -> str:
    """The whole file. Names and values are quoted, so that dots are no paths in them and `${…}` is nothing to fill in.

    A quoted text of HOCON is one of JSON. `agent` is said in a comment, which Databricks' own examples have inside of
    the block as well.
    """
    lines = [f"  {_text(key)} = {_text(value)}" for key, value in properties.items()]
    return "\n".join(["[driver] {", f"  # Lineage, agent {_word(agent)}. Made by sparklineage.", *lines, "}", ""])


def _text(text: str) -> str:
    # In ASCII alone: whatever the driver takes for the encoding of its files.
    return json.dumps(text, ensure_ascii=True)


def _word(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
