"""A cell for a Databricks notebook that looks whether the agent works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.model.masking import mask

if TYPE_CHECKING:
    from sparklineage.model.conf_set import ConfSet

_AGENT = "io.openlineage.spark.agent.OpenLineageSparkListener"
_TRANSPORT = "spark.openlineage.transport."


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
