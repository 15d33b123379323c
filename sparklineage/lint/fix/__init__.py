"""Configuration that somebody wrote, with its mistakes mended where that is surely right."""

from sparklineage.lint.fix.diff import masked_diff
from sparklineage.lint.fix.engine import Fixed, fix_text, is_fixable
from sparklineage.lint.fix.paths import FixReport, Mended, fix_paths, new_bytes
from sparklineage.lint.fix.rewrites import REWRITES

__all__ = [
    "REWRITES",
    "FixReport",
    "Fixed",
    "Mended",
    "fix_paths",
    "fix_text",
    "is_fixable",
    "masked_diff",
    "new_bytes",
]
