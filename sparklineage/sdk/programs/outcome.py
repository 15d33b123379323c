"""What is recorded of an application's end: the content of outcome.json."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from sparklineage.journal.exit_status import meaning
from sparklineage.journal.folder import FORMAT
from sparklineage.model.clock import now_ms
from sparklineage.model.masking import mask, secrets_of
from sparklineage.sdk.steps.failure import error_of, exit_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.sdk.programs.ending import End

_ASKED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def outcome(end: End, environ: Mapping[str, str]) -> dict[str, Any]:
    """COMPLETE, FAIL with an exception or an exit status, or ABORT where a signal or Ctrl-C has ended it.

    An end that is not known counts as a good one. No secret of `environ` is in the texts.
    """
    error = end.error
    number = signal.SIGINT if end.signal is None and isinstance(error, KeyboardInterrupt) else end.signal
    code = error.code if isinstance(error, SystemExit) else None
    if number is None and isinstance(code, int) and code - 128 in _ASKED:
        number = signal.Signals(code - 128)
    state, status, message, trace = "COMPLETE", 0, None, None
    if number is not None:
        status = 128 + number
        state, message = "ABORT", f"The application was ended by {signal.Signals(number).name}."
    elif isinstance(error, SystemExit):
        status = exit_status(code)
        state, message = meaning(status)
        if message and not isinstance(code, int) and (told := error_of(error, environ)) is not None:
            message = f"{message[:-1]}: {told['message']}."
    elif error is not None and (told := error_of(error, environ, ends_process=end.at_exit)) is not None:
        state, status, trace = "FAIL", 1, told["stackTrace"]
        message = f"{told['type']}: {told['message']}".rstrip(": ")
    return {
        "format": FORMAT,
        "state": state,
        "exitStatus": status,
        "signal": signal.Signals(number).name if number is not None else None,
        "endedAt": now_ms(),
        "message": mask(message, secrets_of(environ)) if message else None,
        "stackTrace": trace,
        "programmingLanguage": "PYTHON",
    }
