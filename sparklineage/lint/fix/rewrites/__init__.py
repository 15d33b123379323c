"""Which findings can be mended without asking anybody, by their codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.lint.fix.rewrites import address, keys, lists, values
from sparklineage.lint.fix.rewrites.interface import Case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sparklineage.lint.finding import Finding
    from sparklineage.lint.fix.changes import Change
    from sparklineage.lint.fix.rewrites.interface import Rewrite
    from sparklineage.lint.rules import Target
    from sparklineage.lint.settings import Sheet

__all__ = ["REWRITES", "changes_for"]

REWRITES: Mapping[str, Rewrite] = {
    "SL001": keys.dead_key,
    "SL002": keys.never_existed,
    "SL004": keys.missing_prefix,
    "SL010": address.no_type,
    "SL011": address.url_path,
    "SL012": address.url_query,
    "SL014": address.trailing_slash,
    "SL020": address.auth_type,
    "SL022": address.incomplete_auth,
    "SL030": values.bracket_list,
    "SL032": values.old_timeout,
    "SL034": values.wrong_type,
    "SL036": values.breaker_limit,
    "SL040": lists.given_twice,
    "SL041": lists.named_twice,
    "SL050": lists.wrong_scala,
}
"""What is not here is for people to decide: secrets, ids, names, what is set too late, which of two agents goes."""


def changes_for(finding: Finding, sheet: Sheet, target: Target) -> Sequence[Change] | None:
    """The changes that mend a finding of a sheet, or None where there are none that are surely right."""
    rewrite = REWRITES.get(finding.code)
    # A setting that comes too late does nothing under any name.
    if rewrite is None or finding.setting is None or finding.setting.late:
        return None
    case = Case(sheet=sheet, setting=finding.setting, target=target)
    changes = rewrite(case)
    return changes if changes and case.allows(changes) else None
