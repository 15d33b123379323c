"""Finding, in what a failed spark-submit printed, the lines that say why."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

MAX_LINES = 10
MAX_MESSAGE = 4_000
MAX_TRACE = 16_384

MAX_PLAIN = 30
"""Lines in a row that may belong to one exception's message, such as the SQL text in a parse error."""

_HEADER = "Traceback (most recent call last):"
_CHAINED = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
# With these the Python side says that the JVM is gone, not why.
_JVM_IS_GONE = re.compile(
    r"^(?:py4j\.protocol\.Py4JNetworkError\b|ConnectionRefusedError\b|ConnectionResetError\b)"
    r"|Answer from Java side is empty|Error while sending or receiving",
    re.MULTILINE,
)
_SYNTAX = re.compile(r"(?:SyntaxError|IndentationError|TabError): ")
_JVM = re.compile(r'^Exception in thread "(?P<thread>[^"]*)" ')
_LOG = re.compile(r"^(?:\d\d/\d\d/\d\d|\d{4}-\d\d-\d\d)[ T]\d\d:\d\d:\d\d\S* (?P<level>[A-Z]+)\b")
_JSON_LOG = re.compile(r'^\{"ts":.*?"level":"(?P<level>[A-Z]+)"')
_FRAME = re.compile(r'\s+at \S|\s+\.\.\. \d+ (?:more|common frames)|\s+File "|\s+[~^]+\s*$')
# What follows a line of the log: the exception that was logged, and what caused it.
_HEAD = re.compile(r"(?:Caused by: |Suppressed: )?[\w$]+(?:\.[\w$]+)+(?::|$)|Caused by: ")
_CAUSE = "Caused by: "
# Says that something failed in another thread, and nothing else.
_EMPTY = re.compile(r"Exception thrown in (?:awaitResult|Future\.get):?\s*$", re.MULTILINE)
_NOISE = re.compile(
    r"WARNING: |Using Spark's default log4j|Setting default log level|To adjust logging level"
    r"|Picked up \w*JAVA_|Run with --(?:help|verbose)|Driver stacktrace:|SLF4J|log4j:"
    # A warning of six lines that the agent gives in every job, in versions up to 1.53 at least.
    r"|This issue arises when the openlineage-spark |In this case, the OpenLineageExtensionProvider "
    r"|To prevent this, ensure that both the openlineage-spark |[12]\. (?:Placing|Loading) both libraries "
)


@dataclass(frozen=True, kw_only=True)
class ErrorText:
    """The lines that tell the error, and the trace they were found in."""

    message: str
    trace: str | None = None


def find_error(stdout: str, stderr: str) -> ErrorText | None:
    """The error in the ends of both streams, or None where nothing in them looks like one.

    In order: the last Python traceback (Spark merges a Python driver's errors into standard output), a Python
    syntax error, an exception that ended a JVM thread, what spark-submit or java themselves complain about, the
    last errors in Spark's log.
    """
    out, err = stdout.splitlines(), stderr.splitlines()
    found = _python(out) or _syntax(out) or _jvm(err) or _complaint(err) or _python(err) or _logged(err)
    if found is None or not _EMPTY.search(found.message) or _CAUSE in found.message:
        return found
    cause = _root_cause((found.trace or "").splitlines()) or _root_cause(err)
    return replace(found, message=_shortened([*found.message.splitlines(), cause])) if cause else found


def last_lines(text: str) -> str:
    """The last lines that are neither blank, nor Spark's everyday log, nor a stack trace, for want of an error."""
    plain: list[str] = []
    logged = False
    for line in text.splitlines():
        if _level(line):
            logged = True
        elif _FRAME.match(line):
            logged = logged or not plain  # A trace whose beginning was cut off.
        elif not line.strip() or _NOISE.match(line):
            continue
        elif not (logged and _HEAD.match(line)):
            logged = False
            plain.append(line.rstrip())
    return _shortened(plain[-MAX_LINES:])


def _level(line: str) -> str | None:
    match = _LOG.match(line) or _JSON_LOG.match(line)
    return match["level"] if match else None


def _python(lines: list[str]) -> ErrorText | None:
    for group in reversed(_groups(lines)):
        trace = "\n".join(group)
        if not _JVM_IS_GONE.search(trace):
            return ErrorText(message=_exception_lines(group), trace=_cut(trace))
    return None


def _groups(lines: list[str]) -> list[list[str]]:
    """Each uncaught exception with its whole chain: from its first header to the next exception's."""
    starts: list[int] = []
    for at, line in enumerate(lines):
        if line != _HEADER:
            continue
        before = next((text for text in reversed(lines[:at]) if text.strip()), "")
        # A worker's traceback is quoted in the message of the driver's, right below the line announcing it.
        quoted = bool(starts) and at > 0 and bool(re.search(r"(?::|stack trace below\.)\s*$", lines[at - 1]))
        if not quoted and not (starts and before in _CHAINED):
            starts.append(at)
    return [_until_log(lines[start:end]) for start, end in zip(starts, [*starts[1:], len(lines)], strict=False)]


def _until_log(group: list[str]) -> list[str]:
    """The trace without what was printed after it: the log, or many lines without a frame between them."""
    end, plain = len(group), 0
    for at, line in enumerate(group):
        plain = 0 if _FRAME.match(line) else plain + 1
        if _level(line) or plain > MAX_PLAIN:
            end = at
            break
    while end and not group[end - 1].strip():
        end -= 1
    return group[:end]


def _exception_lines(group: list[str]) -> str:
    """The last exception of a chain: its own line and message, without frames."""
    begin = 0
    for at, line in enumerate(group):
        if line in _CHAINED:
            begin = at + 1
    body = [line for line in group[begin:] if line.strip()]
    first = next((at for at, line in enumerate(body) if line != _HEADER and not line[:1].isspace()), len(body))
    found: list[str] = []
    code = False  # whether the line before was a Python frame, so that this one quotes its source
    for line in body[first:]:
        frame = bool(_FRAME.match(line))
        if not frame and not (code and line[:1].isspace()) and line != _HEADER and not _NOISE.match(line):
            found.append(line.rstrip())
        code = line.lstrip().startswith('File "') or (code and line[:1].isspace())
    return _shortened(found or body[-1:])


def _syntax(lines: list[str]) -> ErrorText | None:
    for at in range(len(lines) - 1, -1, -1):
        if _SYNTAX.match(lines[at]):
            begin = next((i for i in range(at, max(-1, at - 8), -1) if lines[i].startswith('  File "')), at)
            place = [lines[begin].strip()] if begin != at else []
            trace = "\n".join(lines[begin : at + 1])
            return ErrorText(message=_shortened([lines[at], *place]), trace=_cut(trace))
    return None


def _jvm(lines: list[str]) -> ErrorText | None:
    found = [(at, match["thread"]) for at, line in enumerate(lines) if (match := _JVM.match(line))]
    if not found:
        return None
    at = next((at for at, thread in reversed(found) if thread == "main"), found[-1][0])
    following = next((other for other, _ in found if other > at), len(lines))
    trace = _until_log(lines[at:following])
    heads = [line for line in trace if line.strip() and not _FRAME.match(line) and not _NOISE.match(line)]
    return ErrorText(message=_shortened(heads), trace=_cut("\n".join(trace)))


def _complaint(lines: list[str]) -> ErrorText | None:
    complaints = [(at, line) for at, line in enumerate(lines) if line.startswith(("Error: ", "error: "))]
    if not complaints:
        return None
    at, _ = complaints[0]
    # java says what is wrong in the line above.
    above = [lines[at - 1]] if at and "Java Virtual Machine" in lines[at] else []
    return ErrorText(message=_shortened([*above, *(line for _, line in complaints[:3])]))


def _logged(lines: list[str]) -> ErrorText | None:
    errors = [line for line in lines if _level(line) in {"ERROR", "FATAL"}]
    return ErrorText(message=_shortened(list(dict.fromkeys(errors))[-3:])) if errors else None


def _root_cause(lines: list[str]) -> str | None:
    """The deepest cause in the last trace that is no mere warning."""
    cause, harmless = None, False
    for line in lines:
        if level := _level(line):
            harmless = level not in {"ERROR", "FATAL"}
        elif line.startswith(_CAUSE) and not harmless and not _EMPTY.search(line):
            cause = line.rstrip()
    return cause


def _shortened(lines: list[str]) -> str:
    """At most ten lines and 4,000 characters; what is left out is in the middle, where it matters least."""
    kept = list(dict.fromkeys(lines))
    if len(kept) > MAX_LINES:
        kept = [*kept[: MAX_LINES // 2], "…", *kept[-(MAX_LINES - MAX_LINES // 2 - 1) :]]
    return _cut("\n".join(line[:MAX_MESSAGE] for line in kept), MAX_MESSAGE)


def _cut(text: str, most: int = MAX_TRACE) -> str:
    """The beginning and the end of a text, `most` characters in all."""
    if len(text) <= most:
        return text
    half = (most - 3) // 2
    return f"{text[:half]}\n…\n{text[-half:]}"
