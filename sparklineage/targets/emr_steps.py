"""Steps of EMR on EC2: what they look like, and the lineage in those that somebody has already.

`command-runner.jar` starts its arguments as they are, without a shell. All texts of a step's `HadoopJarStep` together
may have 10,240 characters (API of EMR, AddJobFlowSteps).
"""

from __future__ import annotations

from copy import deepcopy
from shlex import quote
from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError
from sparklineage.model.conf_set import ConfSet
from sparklineage.targets.arguments import options_conf, split, with_options
from sparklineage.targets.limits import longest, together, xml
from sparklineage.targets.node_script import FILE, VARIABLE
from sparklineage.targets.opened import references
from sparklineage.targets.two_transports import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.targets.interface import Application

LONGEST = 10_240
RUNNER = "command-runner.jar"
MASTER = f"spark.yarn.appMasterEnv.{VARIABLE}"
"""Tells a driver in cluster mode of the file with keys."""
PREPARES = "sparklineage: prepare the primary node"
_NAME = 256


def step(name: str, args: list[str]) -> dict[str, Any]:
    """As the API takes it. Raises ConfigError for what it would refuse."""
    for text in args:
        xml(f"the step {name[:100]!r}", text)
    xml("the name of the step", name)
    fix = "put the properties into the classification spark-defaults, or the arguments into a file"
    longest(f"the step {name[:100]!r}", RUNNER + "".join(args), LONGEST, fix)
    return {
        "Name": name[:_NAME],
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {"Jar": RUNNER, "Args": args},
    }


def for_command_line(found: dict[str, Any]) -> dict[str, Any]:
    """The same step as `aws emr add-steps --steps file://…` takes it."""
    inner = found["HadoopJarStep"]
    return {
        "Type": "CUSTOM_JAR",
        "Name": found["Name"],
        "ActionOnFailure": found["ActionOnFailure"],
        "Jar": inner["Jar"],
        "Args": inner["Args"],
    }


def preparing(script: str) -> dict[str, Any]:
    """The step that runs the script of the nodes on the primary node of a cluster that is up already."""
    fetched = f'file=$(mktemp) && aws s3 cp {quote(script)} "$file" && bash "$file"; rm -f "$file"; true'
    return step(PREPARES, ["bash", "-c", fetched])


def submitting(application: Application, conf: ConfSet | None, *, keys: bool) -> list[str]:
    """The arguments of a step that runs an application, with properties where its cluster has none of ours.

    `keys` says whether a file with keys lies on the nodes, which the driver has to be told.
    """
    own = ["--class", application.main_class] if application.main_class else []
    ours = conf.as_args() if conf is not None else []
    told = ["env", f"{VARIABLE}={FILE}"] if keys and conf is not None else []
    return [
        *told, "spark-submit", "--deploy-mode", "client", *own, *ours, application.uri, *application.arguments,
    ]  # fmt: skip


def is_step(value: object) -> bool:
    """Whether it is a step, as the API or the command line of AWS takes it."""
    return isinstance(value, dict) and (
        isinstance(value.get("HadoopJarStep"), dict)
        or ("Args" in value and "Classification" not in value and "ScriptBootstrapAction" not in value)
    )


def arguments_of(value: dict[str, Any], where: str) -> list[str] | None:
    """The arguments of a step that starts spark-submit, from that word on; None for another one."""
    args = _args(value, where)
    begin = _begin(value, args)
    return args[begin:] if begin is not None else None


def joined(value: dict[str, Any], conf: ConfSet, where: str, *, whole: bool, keys: bool) -> dict[str, Any]:
    """A step of the user's with the lineage in it.

    With `whole` all of it, for a cluster that knows nothing of ours; without it only what the step's own options would
    else take from the cluster: a list of theirs replaces the cluster's. Raises ConfigError for what EMR would refuse.
    """
    args = _args(value, where)
    begin = _begin(value, args)
    if begin is None:
        return value
    options, rest = split(args[begin:])
    theirs = options_conf(options, where)
    conf, apart = side_by_side(conf, theirs)
    if not references(conf.merged_with(apart)):
        # With a transport of their own our keys are not for it.
        keys, conf = False, conf.without(MASTER)
    added = conf.merged_with(theirs).beyond(theirs)
    if not whole:
        added = ConfSet(tuple(entry for entry in added.entries if entry.key in theirs))
    before = args[:begin]
    told = f"{VARIABLE}={FILE}"
    merged = deepcopy(value)
    if whole and keys and told not in before:
        if not before:
            # Of the type Spark, in front of which the command line of AWS puts what makes it this one.
            merged |= {"Type": "CUSTOM_JAR", "Jar": RUNNER}
        before = [*before[:-1], "env", told, *(before[-1:] or ["spark-submit"])]
    holder = merged.get("HadoopJarStep") or merged
    holder["Args"] = [*before, *with_options(options, added), *rest]
    inner = value.get("HadoopJarStep") or value
    texts = [text for name in ("Jar", "MainClass") if isinstance(text := inner.get(name), str)]
    for text in holder["Args"]:
        xml(where, text)
    fix = "merge into the configuration of the cluster instead, whose properties count for every step"
    longest(f"{where}: the step", "".join([*texts, *holder["Args"]]), LONGEST, fix)
    return merged


def fits(args: list[str]) -> bool:
    """Whether a step may have these arguments."""
    return together([RUNNER, *args]) <= LONGEST


def names(steps: list[Any]) -> Iterator[str]:
    """Of steps."""
    return (str(value.get("Name", "")) for value in steps if isinstance(value, dict))


def _args(value: dict[str, Any], where: str) -> list[str]:
    inner = value.get("HadoopJarStep") or value
    args = inner.get("Args") or []
    if not isinstance(args, list) or not all(isinstance(word, str) for word in args):
        raise ConfigError(f"{where}: Args of the step is no list of texts.")
    return args


def _begin(value: dict[str, Any], args: list[str]) -> int | None:
    """Where the options of spark-submit begin; a step of the command line's type Spark has nothing before them."""
    if str(value.get("Type", "")).lower() == "spark":
        return 0
    return next((at + 1 for at, word in enumerate(args) if word.rpartition("/")[2] == "spark-submit"), None)
