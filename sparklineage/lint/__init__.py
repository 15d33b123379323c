"""Configuration that somebody wrote, read without running anything, and what is wrong with it."""

from sparklineage.lint.check import Checked, check_text
from sparklineage.lint.finding import SEVERITIES, Finding, Place, Severity
from sparklineage.lint.notes import CODES
from sparklineage.lint.paths import Report, check_paths
from sparklineage.lint.readers import READERS
from sparklineage.lint.rules import RULES, Rule, Target

__all__ = [
    "CODES",
    "READERS",
    "RULES",
    "SEVERITIES",
    "Checked",
    "Finding",
    "Place",
    "Report",
    "Rule",
    "Severity",
    "Target",
    "check_paths",
    "check_text",
]
