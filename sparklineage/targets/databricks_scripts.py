"""What runs on a Databricks cluster: the script that brings the JARs, and a notebook cell that looks if they work."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from sparklineage.model.masking import mask

if TYPE_CHECKING:
    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.databricks_place import Place
    from sparklineage.targets.interface import Order

_AGENT = "io.openlineage.spark.agent.OpenLineageSparkListener"
_TRANSPORT = "spark.openlineage.transport."


def init_script(order: Order, place: Place) -> str:
    """Bash, for every node of a cluster before its Spark starts. It ends well whatever happens.

    The driver's class path takes both folders; libraries of a cluster come too late for its listeners (agent source,
    open-lineage-init-script.sh; agent documentation, quickstart for Databricks).
    """
    calls = "".join(f"  bring {quote(jar)}\n" for jar in place.files(order))
    head = f"agent {order.agent} for Scala {order.scala}"
    # What comes from the user last: nothing is replaced in it.
    return _INIT.replace("@AGENT@", " ".join(head.split())).replace("@CALLS@", calls or "  :\n")


def check_cell(conf: ConfSet) -> str:
    """Python for a cell of a notebook: asks the driver whether the agent listens, changes nothing, prints one line."""
    wanted = {
        key: entry.value.written
        for key in (f"{_TRANSPORT}type", f"{_TRANSPORT}url", f"{_TRANSPORT}topicName")
        if (entry := conf.entry(key)) is not None
        and not entry.secret
        and mask(entry.value.written) == entry.value.written
    }
    listed = "".join(f"        {_ascii(key)}: {_ascii(text)},\n" for key, text in wanted.items())
    return _CHECK.replace("@LISTENER@", _ascii(_AGENT)).replace("@WANTED@", f"{{\n{listed}    }}" if wanted else "{}")


def _ascii(text: str) -> str:
    single = ascii(text)
    return f'"{single[1:-1]}"' if single[0] == "'" and '"' not in single and "\\'" not in single else single


_INIT = """\
#!/bin/bash
# Puts @AGENT@ on the driver's class path before Spark starts. Made by sparklineage.
#
# Lineage is not worth a cluster: whatever goes wrong is told in the log of the script, and the script ends well.

bring() {
  local from=$1 name=${1##*/} folder
  if [[ ! -f $from || ! -s $from ]]; then
    echo "sparklineage: $from is missing or empty, so the listener will not be found; put it there" >&2
    return 0
  fi
  for folder in /databricks/jars /mnt/driver-daemon/jars; do
    if mkdir -p "$folder" && cp -f "$from" "$folder/.$name.part" && chmod 644 "$folder/.$name.part" &&
      mv -f "$folder/.$name.part" "$folder/$name"; then
      echo "sparklineage: $folder/$name"
    else
      rm -f "$folder/.$name.part"
      echo "sparklineage: $folder/$name could not be written" >&2
    fi
  done
}

# Listeners live in the driver alone.
if [[ ${DB_IS_DRIVER:-TRUE} != FALSE ]]; then
@CALLS@fi

exit 0
"""

_CHECK = """\
# A cell for a notebook on the cluster: whether the agent listens, and where it sends. It changes nothing.
def sparklineage_check(spark):
    wanted = @WANTED@
    try:
        context = spark.sparkContext
        # spark.conf says what somebody has written; the bus knows who listens.
        listening = [one.getClass().getName() for one in context._jsc.sc().listenerBus().listeners()]
        conf = dict(context.getConf().getAll())
    except Exception as error:
        return f"unknown: no way to the JVM from here ({type(error).__name__}), as in the standard access mode"
    if @LISTENER@ not in listening:
        return "wrong: the agent does not listen; see the log of the init script and spark.extraListeners"
    for key, text in wanted.items():
        if conf.get(key) != text:
            return f"wrong: {key} is not {text!r}"
    return "ok: the agent listens" + "".join(f", {key.rpartition('.')[2]} {text}" for key, text in wanted.items())


print("sparklineage:", sparklineage_check(spark))
"""
