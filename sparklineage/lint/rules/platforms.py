"""What platforms bring along, and how much they take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.lint.rules.agents import agents
from sparklineage.lint.rules.interface import Hit, rule
from sparklineage.lint.rules.releases import own_agent
from sparklineage.lint.settings import DATAPROC_SWITCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Setting, Sheet

_STEP = 10_240
_PARAMETERS = 102_400
_BOOTSTRAPS = 16
_LONGEST = 1024
_MOST = 100
# No \0: it stands for what is not known.
_FORBIDDEN = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_EMR = frozenset(("emr", "emr-serverless", "emr-containers"))
_USER_FIRST = "--user-jars-first"


@rule("SL082", "platform-agent", "warning", "A second agent beside the platform's own")
def platform_agent(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """EMR 7.12 and later, Glue 5 and newer Dataproc images bring an OpenLineage agent of their own. Two of them have
    the same classes: which is loaded is up to the class path, and they may stop the application.

    Source: datahub-project/datahub#17947, OpenLineage#4350, DataDog/documentation#37632, Google's documentation of
    Dataproc. Not seen here, for want of an account.
    """
    theirs, ours = own_agent(sheet), agents(sheet)
    if not theirs or not ours:
        return
    glue = sheet.platform == "glue"
    first = sheet.get(_USER_FIRST)
    if glue and first and first.value.strip().lower() == "true":
        return
    switch = sheet.get(DATAPROC_SWITCH)
    if switch is not None and switch.value.strip().lower() == "false":
        return
    yield Hit(
        at=ours[0].setting,
        found=f"{ours[0].setting.name} brings an agent, and {theirs}.",
        reality="Two agents on one class path may stop the application, or the wrong one is loaded.",
        fix="Set --user-jars-first to true."
        if glue
        else "Use the one that is there, and send to both places with a composite transport; or keep theirs off"
        f"{f' ({DATAPROC_SWITCH}=false)' if sheet.platform == 'dataproc' else ''}.",
    )


@rule("SL083", "platform-limit", "error", "More than the platform takes")
def platform_limit(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Amazon refuses a request that is too long: a step of EMR may have 10,240 characters in all its arguments and a
    cluster 16 bootstrap actions; EMR Serverless and EMR on EKS take 102,400 characters of spark-submit parameters,
    100 properties a classification, and 1,024 characters for each key and value, none of them blank. No value may
    hold control characters.

    Source: the service models in botocore 1.44.5 and the text of AddJobFlowSteps; Amazon's help on bootstrap actions.
    """
    if sheet.platform not in _EMR:
        return
    yield from _too_long(sheet)
    if sheet.platform == "emr":
        for script in sheet.scripts[_BOOTSTRAPS : _BOOTSTRAPS + 1]:
            found = f"This is bootstrap action {_BOOTSTRAPS + 1}."
            yield _refused(script, found, f"{_BOOTSTRAPS} at most.", "Join some of them into one script.")
    else:
        properties = [setting for setting in sheet.settings if setting.origin == "properties" and not setting.spelled]
        for setting in properties[_MOST : _MOST + 1]:
            yield _refused(setting, f"This is property {_MOST + 1} of a classification.", f"{_MOST} at most.")
        for setting in properties:
            if len(setting.key) > _LONGEST or len(setting.value) > _LONGEST:
                yield _refused(setting, "This key or value is too long.", f"{_LONGEST:,} characters for each at most.")
            elif not setting.value.strip():
                found, fix = f"The value of {setting.name} is blank.", "Remove it, or give it a value."
                yield _refused(setting, found, "something in every value.", fix)
    for setting in sheet.settings:
        if _FORBIDDEN.search(setting.value):
            yield _refused(setting, f"The value of {setting.name} has control characters.", "text without them.")


def _too_long(sheet: Sheet) -> Iterator[Hit]:
    most = _STEP if sheet.platform == "emr" else _PARAMETERS
    if sheet.arguments is not None and sheet.arguments > most:
        yield Hit(
            at=sheet.place,
            found=f"The arguments have {sheet.arguments:,} characters in all.",
            reality=f"Amazon refuses the request: it takes {most:,} at most.",
            fix="Put the properties in spark-defaults, or in a file on S3 that --properties-file names.",
        )


def _refused(setting: Setting, found: str, takes: str, fix: str = "") -> Hit:
    return Hit(
        at=setting,
        found=found,
        reality=f"Amazon refuses the request: it takes {takes}",
        fix=fix or "Keep it out, or in a file on S3 that --properties-file names.",
    )


@rule("SL086", "class-path-replaced", "warning", "The platform's class path replaced")
def class_path_replaced(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """EMR keeps a long list of its own in `spark.driver.extraClassPath`: the file system for S3, Hadoop's libraries,
    security. A value of your own replaces it, and the driver no longer reads `s3://`.

    Source: Amazon's image of Spark (spark-defaults.conf); executed: Spark does not join the two values.
    """
    setting = sheet.get("spark.driver.extraClassPath")
    if sheet.platform in _EMR and setting and setting.known and "/usr/share/aws/" not in setting.value:
        yield Hit(
            at=setting,
            found=f"{setting.name} has none of EMR's own entries.",
            reality="It replaces them, and the driver loses the file system for s3://.",
            fix="Give the JAR with --jars or spark.jars instead.",
        )
