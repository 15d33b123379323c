"""`spark-submit` and `sparklineage submit` commands: in shell scripts, or a single one on stdin."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.config.spark_options import ALIASES, PROPERTIES, SWITCHES, VALUED
from sparklineage.lint.finding import Place
from sparklineage.lint.readers.requirements import installed
from sparklineage.lint.readers.shell import Word, commands
from sparklineage.lint.readers.shell_variables import Variables
from sparklineage.lint.settings import UNKNOWN, Setting, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sparklineage.lint.settings import Span

KIND = "command-line"
TITLE = "spark-submit commands in shell scripts"
_ENDS = (".sh", ".bash", ".ksh", ".zsh")
_SHEBANG = re.compile(r"#![^\n]*\b(?:ba|da|k|z)?sh\b")
_SUBMIT = frozenset(("spark-submit", "pyspark", "spark-shell", "spark-sql"))
SUBMIT_ARGS = "PYSPARK_SUBMIT_ARGS"
"""What PySpark puts behind `spark-submit` where `python job.py` starts Spark."""
_OWN = "sparklineage"
BLANK = "--"
"""The key of an option that has a blank behind its dashes; the value is its name."""
OWN_SWITCHES = frozenset(("--dry-run", "--force", "--no-lineage", "--strict"))
"""Options of `sparklineage submit` that take no value; all others of its own take one."""
_COMMAND = re.compile(r"(?:^|[\s/])(?:spark-|sparklineage\s+)submit\s+(?:-|\\|\S+\.(?:py|jar))")
# These name a program without running it.
_QUIET = frozenset(
    ("echo", "printf", "which", "type", "command", "grep", "man", "cat", "ls", "alias", "pip", "cp", "ln")
)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=")
_SPARK = re.compile(r"spark-(\d+\.\d+(?:\.\d+)?)")
# Spark splits an option at the first `=`, and only where something follows.
_SPELLED = re.compile(r"(--[^=\0]+)=(.+)", re.DOTALL)
_FLAGS = {
    **PROPERTIES,
    "--driver-class-path": "spark.driver.extraClassPath",
    "--driver-java-options": "spark.driver.extraJavaOptions",
}


def claims(name: str, text: str) -> bool:
    """By its ending or first line, or a file without ending that holds such a command."""
    return name.endswith(_ENDS) or bool(_SHEBANG.match(text) or ("." not in name and _COMMAND.search(text)))


def read(text: str, file: str) -> Sequence[Sheet]:
    """One sheet for each command, with the variables that were exported before it."""
    if not any(name in text for name in (*_SUBMIT, _OWN, "install", SUBMIT_ARGS)):
        return []
    variables: dict[str, Word] = {}
    certain = Variables()
    exported: dict[str, Word] = {}
    sheets = []
    for command in commands(text, certain.known):
        words = list(certain.spread(certain.enter(command)))
        own, rest = _assignments(words)
        for word in (word for name, word in own.items() if name == SUBMIT_ARGS):
            sheets += _submit_args(word, file)
        if not rest:
            variables.update(own)
            certain.assign(own)
            exported.update({name: word for name, word in own.items() if name in exported})
        elif rest[0].value in {"export", "declare", "typeset", "local", "readonly"}:
            given, _ = _assignments([word for word in rest[1:] if not word.value.startswith("-")], anywhere=True)
            certain.assign(given)
            sheets += _submit_args(given[SUBMIT_ARGS], file) if SUBMIT_ARGS in given else []
            named = {word.value: variables[word.value] for word in rest[1:] if word.value in variables}
            if rest[0].value == "export" or any(word.value.startswith("-") and "x" in word.value for word in rest[1:]):
                exported.update({**given, **named})
        elif packages := installed(rest, file):
            sheets.append(packages)
        elif (at := _submit(rest)) is not None:
            inline, _ = _assignments(rest[:at], anywhere=True)
            environment = {**exported, **own, **inline}
            home = environment.get("SPARK_HOME", variables.get("SPARK_HOME"))
            sheets.append(_sheet(rest, at, file, environment, home))
    return sheets


def submit_args(text: str, place: Place) -> list[Setting]:
    """The settings in the value of PYSPARK_SUBMIT_ARGS, which PySpark takes apart as a shell would."""
    try:
        parts = shlex.split(text)
    except ValueError:
        return []
    return option_settings([Word(part, part, place.line, place.column) for part in parts], place.file)[0]


def _submit_args(word: Word, file: str) -> list[Sheet]:
    """The Python that gets them may set more."""
    place = Place(file, word.line, word.column)
    settings = submit_args(word.value, place)
    return [Sheet(place=place, settings=tuple(settings), partial=True)] if settings else []


def _assignments(words: Sequence[Word], *, anywhere: bool = False) -> tuple[dict[str, Word], Sequence[Word]]:
    """The assignments at the beginning of a command, and the rest of it."""
    found = {}
    for at, word in enumerate(words):
        match = _ASSIGNMENT.match(word.text)
        if match:
            found[match[1]] = word._replace(value=word.value[match.end() :])
        elif not anywhere:
            return found, words[at:]
    return found, ()


def _submit(words: Sequence[Word]) -> int | None:
    """Where the command names spark-submit or our `submit`; None for a command that does something else."""
    if words[0].value in _QUIET:
        return None
    names = [word.value.rpartition("/")[2] for word in words]
    for at, name in enumerate(names):
        if name in _SUBMIT:
            return at
        if name == _OWN:
            return at + 1 if names[at + 1 : at + 2] == ["submit"] else None
    return None


def option_settings(words: Sequence[Word], file: str, *, own: bool = False) -> tuple[list[Setting], bool]:
    """The settings in the words behind `spark-submit`, and whether others can come from elsewhere.

    `own` says that the words stand behind `sparklineage submit`, which has further options.
    """
    settings: list[Setting] = []
    partial = False
    for flag, word, value in _options(words, own=own):
        place = Place(file, word.line, word.column)
        if flag is None or flag in {"--properties-file", "--extra-properties-file"}:
            partial = True
        elif flag == BLANK:
            settings.append(Setting(key=BLANK, value=value, text=value, place=place, origin="command"))
        elif flag == "--conf":
            key, equals, text = value.partition("=")
            if not equals or UNKNOWN in key:
                partial = partial or UNKNOWN in key
                continue
            key_span, value_span = _spans(word, key)
            settings.append(
                Setting(
                    key=key.strip(),
                    value=text,
                    text=word.source or word.text,
                    place=place,
                    origin="command",
                    key_span=key_span,
                    value_span=value_span,
                )
            )
        elif flag in _FLAGS:
            value_span = (word.start, word.end) if word.start >= 0 and not word.source else None
            if value != word.value:
                _, value_span = _spans(word, word.value.partition("=")[0])
            settings.append(
                Setting(
                    key=_FLAGS[flag],
                    value=value,
                    text=word.source or word.text,
                    place=place,
                    origin="command",
                    spelled=flag,
                    value_span=value_span,
                )
            )
    return settings, partial


def command_sheet(words: Sequence[Word], file: str, *, partial: bool = False) -> Sheet | None:
    """The sheet of one command that stands outside of a script; None for one that does not start Spark."""
    at = _submit(words) if words else None
    if at is None:
        return None
    sheet = _sheet(words, at, file, {}, None)
    return replace(sheet, partial=True) if partial else sheet


def _sheet(words: Sequence[Word], at: int, file: str, environment: Mapping[str, Word], home: Word | None) -> Sheet:
    own = words[at].value == "submit"
    settings, partial = option_settings(words[at + 1 :], file, own=own)
    spark = _SPARK.search(words[at].value) or (_SPARK.search(home.value) if home else None)
    return Sheet(
        place=Place(file, words[0].line, words[0].column),
        settings=tuple(settings),
        environment=tuple(
            Setting(
                key=name,
                value=word.value,
                text=word.text,
                place=Place(file, word.line, word.column),
                origin="environment",
            )
            for name, word in environment.items()
        ),
        # Our command adds the agent, its listener and where the events go.
        partial=partial or own,
        own=own,
        spark=spark[1] if spark else None,
    )


def _spans(word: Word, key: str) -> tuple[Span | None, Span | None]:
    """Where the key and the value of `key=value` stand in a word; None for what is quoted in parts.

    A quote that begins before the key belongs to neither.
    """
    match = re.match(rf"(?:--conf=)?(?P<quote>[\"']?)(?:--conf=)?{re.escape(key)}=", word.text)
    if not match or word.start < 0:
        return None, None
    quote, begin = match["quote"], word.start + match.end()
    key_span = (begin - len(key) - 1, begin - 1)
    if word.source:
        return key_span, None
    if not quote:
        return key_span, (begin, word.end)
    value = word.text[match.end() :]
    whole = value.endswith(quote) and not re.search(rf"(?<!\\){quote}", value[:-1])
    return key_span, (begin, word.end - 1) if whole else None


def _options(words: Sequence[Word], *, own: bool) -> Iterator[tuple[str | None, Word, str]]:
    """Option, its word and its value up to the application; None for what may hold any options."""
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        match = _SPELLED.fullmatch(word.value)
        flag = match[1] if match else word.value
        flag = ALIASES.get(flag, flag)
        if flag == BLANK and not own and at < len(words) and BLANK + words[at].value in VALUED:
            # What is meant is read all the same, so that nothing else seems to be missing.
            flag = BLANK + words[at].value
            yield BLANK, word, words[at].value
            at += 1
        if flag in VALUED:
            if match:
                yield flag, word, match[2]
            elif at < len(words):
                yield flag, words[at], words[at].value
                at += 1
        elif word.spreads and not word.value.strip(UNKNOWN):
            yield None, word, ""
        elif own and flag.startswith("--") and flag not in {"--", *SWITCHES, *OWN_SWITCHES}:
            at += 0 if match else 1
        elif flag not in SWITCHES and not word.value.startswith("-"):
            return
