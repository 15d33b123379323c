"""The pages about lint: every key that is known, and every rule with a wrong and a right form.

The forms are the golden cases of the tests, so each of them is known to be found, or to be clean.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.config.catalogue import CatalogueKey, catalogue
from sparklineage.lint import CODES, READERS
from sparklineage.lint.fix import REWRITES

if TYPE_CHECKING:
    from collections.abc import Iterator

_CASES = Path(__file__).resolve().parents[1] / "tests" / "golden" / "lint"
_BESIDES = {"options.txt", "expected.txt", "source.txt"}
_LANGUAGES = {
    ".conf": "properties",
    ".json": "json",
    ".md": "markdown",
    ".py": "python",
    ".sh": "shell",
    ".txt": "text",
    ".yml": "yaml",
}
_SECTIONS = (
    ("Keys of the agent", "agent", "active"),
    ("Keys that agents no longer read", "agent", "removed"),
    ("Keys that no agent has ever read", "agent", "never-existed"),
    ("Keys for tests", "agent", "test-only"),
    ("Keys of Spark that matter to lineage", "spark", "active"),
)


def keys_page(note: str) -> str:
    """Every key of the catalogue."""
    lines = ["# Spark properties", "", note, ""]
    lines += [
        "What the OpenLineage agent for Spark reads, and what it does not, up to version 1.53.0. It ignores every",
        "other key without a word. `[a;b] list` is written with the brackets; versions are the agent's.",
    ]
    for title, reader, status in _SECTIONS:
        lines += ["", f"## {title}", "", *_keys(reader, status)]
    return "\n".join(lines) + "\n"


def _keys(reader: str, status: str) -> Iterator[str]:
    gone = status in ("removed", "never-existed")
    yield f"| key | value | {'write instead' if gone else 'default'} | {'read' if gone else 'since'} | what it is |"
    yield "|---|---|---|---|---|"
    for key in catalogue().keys:
        if (key.reader, key.status) == (reader, status):
            second = ", ".join(f"`{name}`" for name in key.replacement) if gone else _code(key.default)
            versions = f"{key.since or '?'} to {key.until or '?'}" if status == "removed" else key.since or ""
            yield f"| `{key.key}` | {_cell(_value(key))} | {_cell(second)} | {versions} | {_cell(key.doc)} |"


def lint_page(note: str) -> str:
    """Every rule."""
    lines = ["# Lint", "", note, ""]
    lines += [
        "`sparklineage lint PATH…` reads configuration and says what does not do what it looks like. Nothing is run or",
        "changed. It reads, by name and content or as `--as` says:",
        "",
        *(f"- `{reader.KIND}`: {reader.TITLE}" for reader in READERS.values()),
        "",
        "In folders every file is read whose name or content says that it is one of these; hidden folders, installed",
        "packages and the copies that `--backup` keeps are left out. A file that is surely one of these, but is larger",
        "than 5 MB, binary or UTF-16, is told, as is a pipe: they cannot be read. In Python, functions that make their",
        "own session and branches that exclude each other are looked at one by one; operators, requests and commands",
        "that start another application are applications of their own.",
        "",
        "An error loses lineage or the job, a warning may, an info is advice. Status 0: no errors or warnings,",
        "1: some, 2: something could not be read. A comment `# sparklineage: ignore[SL011]` silences a rule: in the",
        "same line, or alone in the line above it (in properties files only there, and for a command also above its",
        "first line). `sparklineage lint --rules SL011` prints what this page says about a rule. For pre-commit there",
        "is the hook `sparklineage-lint`.",
        "",
        "| code | severity | what is wrong |",
        "|---|---|---|",
        *(
            f"| [{rule.code}](#{rule.code.lower()}) | {rule.severity} | {_cell(rule.title)} |"
            for rule in CODES.values()
        ),
    ]
    for rule in CODES.values():
        lines += ["", f"## {rule.code}", "", f"**{rule.title}** ({rule.severity}, `{rule.slug}`)", ""]
        lines += [rule.description, "", f"Known from: {rule.source}", ""]
        if rule.code in REWRITES:
            lines += ["`lint --fix` writes the right form where that is certain.", ""]
        lines += [*_form("Wrong", f"{rule.code}-{rule.slug}"), "", *_form("Right", f"clean-{rule.code}-{rule.slug}")]
    return "\n".join(lines) + "\n"


def _form(word: str, case: str) -> Iterator[str]:
    folder = _CASES / case
    (file,) = (path for path in folder.iterdir() if path.name not in _BESIDES and path.stem != "fixed")
    options = folder / "options.txt"
    given = f", with `{options.read_text(encoding='utf-8').strip()}`" if options.exists() else ""
    yield f"{word}{given}:"
    yield ""
    yield f"```{_LANGUAGES[file.suffix]}"
    yield file.read_text(encoding="utf-8").rstrip("\n")
    yield "```"


def _value(key: CatalogueKey) -> str:
    choices = ", ".join(f"`{value}`" for value in key.values)
    kind = f"{choices}{' or another' if key.open else ''}" if choices else key.type
    return f"{kind} (secret)" if key.secret else kind


def _code(text: str | None) -> str:
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
