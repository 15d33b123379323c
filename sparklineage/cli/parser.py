"""An argparse parser whose complaints are one sentence, the same on every Python."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from sparklineage.errors import UsageError, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence


class Parser(argparse.ArgumentParser):
    """Raises UsageError where argparse would print its usage and exit; knows no abbreviated options."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        command = self.prog.removeprefix("sparklineage").strip()
        end = "" if message.endswith((".", "?")) else "."
        raise UsageError(f"{command + ': ' if command else ''}{message}{end} `{self.prog} --help` tells what it takes.")

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self._refuse(rest[0])
        return found, rest

    def _refuse(self, word: str) -> NoReturn:
        name = word.partition("=")[0]
        if name.startswith("-"):
            hint = suggestion(name, self._option_string_actions)
            self.error(f"there is no option {name}.{hint}" if hint else f"there is no option {name}")
        self.error(f"nothing is expected where {word!r} stands")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        # argparse words this differently from version to version, and it knows no nearest name.
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            what = "/".join(action.option_strings) or action.metavar or action.dest
            hint = suggestion(str(value), known)
            raise argparse.ArgumentError(
                None, f"{what} takes {_one_of(known)}, not {str(value)!r}" + (f".{hint}" if hint else "")
            )


def _one_of(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
