"""Configuration that somebody wrote, with its mistakes mended where that is surely right."""

from sparklineage.lint.fix.engine import Fixed, fix_text, is_fixable
from sparklineage.lint.fix.rewrites import REWRITES

__all__ = ["REWRITES", "Fixed", "fix_text", "is_fixable"]
