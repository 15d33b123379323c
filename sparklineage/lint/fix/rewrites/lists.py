"""Lists that are given twice, and what stands twice or wrong in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.lint.fix.changes import Change, Remove, SetValue
from sparklineage.lint.rules.agents import brought, spark_version
from sparklineage.lint.settings import JARS, LISTENERS, PACKAGES
from sparklineage.model.agent_jar import recognise
from sparklineage.model.lists import joined
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.fix.rewrites.interface import Case

_COMMAS = frozenset(
    (LISTENERS, JARS, PACKAGES, "spark.jars.excludes", "spark.jars.repositories", "spark.submit.pyFiles", "spark.files",
     "spark.sql.extensions")
)  # fmt: skip
_SCALA = re.compile(r"_(2\.1[123])(?=[:-])")
_SCALAS = frozenset(("2.12", "2.13"))


def given_twice(case: Case) -> Sequence[Change] | None:
    """SL040: everything in the one that counts, in the order it is given."""
    setting = case.setting
    given = [one for one in case.sheet.all(setting.key) if one.group == setting.group and not one.late]
    if setting.key not in _COMMAS or not all(one.known for one in given) or len(given) < 2:
        return None
    winner = ([one for one in given if one.spelled.startswith("--")] or given)[-1]
    entries = joined(*(one.entries for one in given))
    return [
        SetValue(setting=winner, value=",".join(entries)),
        *(Remove(setting=one) for one in given if one is not winner),
    ]


def named_twice(case: Case) -> Sequence[Change] | None:
    """SL041: each listener once."""
    setting = case.setting
    return [SetValue(setting=setting, value=",".join(joined(setting.entries)))] if setting.known else None


def wrong_scala(case: Case) -> Sequence[Change] | None:
    """SL050: the Scala that is surely Spark's. Only in coordinates, for a path names a file that is there."""
    setting = case.setting
    scala = _scala(case)
    if setting.key != PACKAGES or not setting.known or scala not in _SCALAS:
        return None
    entries = [
        _SCALA.sub(f"_{scala}", entry, count=1) if recognise(entry) and not entry.endswith(".jar") else entry
        for entry in setting.entries
    ]
    return [SetValue(setting=setting, value=",".join(entries))] if entries != [*setting.entries] else None


def _scala(case: Case) -> str | None:
    """What surely runs there: Spark 4 has but one, and other packages are for it as well."""
    spark = spark_version(case.sheet, case.target)
    if spark and numbers(spark)[:1] == (4,):
        return "2.13"
    found = {match[1] for _, one in brought(case.sheet) if not recognise(one) and (match := _SCALA.search(one))}
    return found.pop() if len(found) == 1 else None
