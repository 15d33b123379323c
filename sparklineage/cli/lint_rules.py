"""What `lint --rules` prints: every rule, or all about one of them."""

from __future__ import annotations

import textwrap

from sparklineage.errors import UsageError, suggestion

_WIDTH = 100


def rules_text(code: str) -> str:
    """A line for every rule; of one all that is known: what happens, whether it can be fixed, and the source.

    Raises UsageError for a code that there is not.
    """
    from sparklineage.lint import CODES  # noqa: PLC0415
    from sparklineage.lint.fix import REWRITES  # noqa: PLC0415

    if not code:
        return "\n".join(f"{rule.code}  {rule.severity:<7}  {rule.title}" for rule in CODES.values())
    rule = CODES.get(code.upper())
    if rule is None:
        raise UsageError(f"lint: --rules takes a code such as SL010, not {code!r}.{suggestion(code.upper(), CODES)}")
    fix = (
        "`lint --fix` writes the right form where that is certain."
        if rule.code in REWRITES
        else "To be mended by hand: each finding says how."
    )
    silence = f"`# sparklineage: ignore[{rule.code}]` in the line or alone above it silences this rule."
    parts = [*rule.description.split("\n\n"), f"{fix} {silence}", f"Known from: {rule.source}"]
    filled = [textwrap.fill(" ".join(part.split()), _WIDTH, break_long_words=False) for part in parts]
    return "\n\n".join([f"{rule.code} ({rule.severity}, {rule.slug}): {rule.title}", *filled])
