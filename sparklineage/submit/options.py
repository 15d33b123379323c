"""The command line of `submit`: our options, spark-submit's options, the application, its arguments."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparklineage.config.spark_options import ALIASES, INFORMATIONAL, SWITCHES, VALUED
from sparklineage.errors import UsageError, suggestion
from sparklineage.model.ids import is_run_id

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class OwnOption:
    """One option of ours."""

    flag: str
    metavar: str | None
    """What the value is called in the help; None for a switch."""
    help: str

    @property
    def name(self) -> str:
        """The field of `OwnOptions` that holds its value."""
        return self.flag[2:].replace("-", "_")


def _own(flag: str, metavar: str | None, text: str) -> OwnOption:
    return OwnOption(flag=flag, metavar=metavar, help=text)


OWN_OPTIONS: tuple[OwnOption, ...] = (
    _own("--agent-jar", "PATH", "use this OpenLineage agent JAR instead of fetching one"),
    _own("--agent-version", "VERSION", "use this version of the agent"),
    _own("--repository", "URL", "fetch the agent from this Maven repository"),
    _own("--namespace", "NAME", "the OpenLineage namespace of the job"),
    _own("--job-name", "NAME", "the job's name in the lineage (default: the application's name)"),
    _own("--journal", "DIR", "where the journal is kept"),
    _own("--run-id", "UUID", "the application's run id (default: a new one)"),
    _own("--config", "FILE", "read settings from this file"),
    _own("--profile", "NAME", "use this profile of the settings"),
    _own("--drain-timeout", "SECONDS", "how long to go on delivering after the job has ended (default: 10)"),
    _own("--spark-home", "DIR", "use the Spark in this folder"),
    _own("--backend", "URL", "deliver the events to this OpenLineage backend"),
    _own("--dry-run", None, "print the command and the properties, and start nothing"),
    _own("--no-lineage", None, "run the bare job"),
    _own("--strict", None, "start nothing if lineage cannot be had"),
    _own("--force", None, "go on with a Spark that no known agent supports"),
)
_OWN = {option.flag: option for option in OWN_OPTIONS}
_KNOWN = (*_OWN, *sorted(VALUED), *sorted(SWITCHES))
_PATHS = frozenset(("--agent-jar", "--journal", "--config", "--spark-home"))
# Spark splits an option at the first `=`, and only where something follows.
_SPELLED = re.compile(r"(--[^=]+)=(.+)")


@dataclass(frozen=True, kw_only=True)
class OwnOptions:
    """Our options as given; None where an option was not."""

    agent_jar: Path | None = None
    agent_version: str | None = None
    repository: str | None = None
    namespace: str | None = None
    job_name: str | None = None
    journal: Path | None = None
    run_id: str | None = None
    config: Path | None = None
    profile: str | None = None
    drain_timeout: float | None = None
    spark_home: Path | None = None
    backend: str | None = None
    dry_run: bool = False
    no_lineage: bool = False
    strict: bool = False
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class SubmitCommand:
    """A parsed command line."""

    own: OwnOptions
    spark_args: tuple[str, ...] = ()
    """The user's spark-submit options, untouched in order and spelling."""
    application: str | None = None
    """None only for an informational command such as `--version`."""
    app_args: tuple[str, ...] = ()
    spark_options: tuple[tuple[str, str | None], ...] = field(default=(), repr=False)
    """The same options as (full name, value or None for a switch)."""

    def values(self, flag: str) -> list[str]:
        """The values given to a spark-submit option, in order and in whatever spelling."""
        return [value for name, value in self.spark_options if name == flag and value is not None]

    def value(self, flag: str) -> str | None:
        """The value of a spark-submit option that counts: the last one."""
        given = self.values(flag)
        return given[-1] if given else None

    def has(self, flag: str) -> bool:
        """Whether a spark-submit option was given."""
        return any(name == flag for name, _ in self.spark_options)

    @property
    def conf(self) -> list[tuple[str, str]]:
        """Keys and values from `--conf`, in order; blanks around them stay, as Spark keeps them."""
        pairs = (value.split("=", 1) for value in self.values("--conf") if "=" in value)
        return [(key, value) for key, value in pairs]

    @property
    def deploy_mode(self) -> str | None:
        """What `--deploy-mode` says; the property `spark.submit.deployMode` may say it instead."""
        return self.value("--deploy-mode")

    @property
    def remote(self) -> str | None:
        """The Spark Connect server that `--remote` names."""
        return self.value("--remote")

    @property
    def is_informational(self) -> bool:
        """Whether spark-submit only answers a question, so that there is no application to trace."""
        return any(name in INFORMATIONAL for name, _ in self.spark_options)


def parse(argv: Sequence[str]) -> SubmitCommand:
    """What the arguments after `submit` say.

    Our options may stand anywhere before the application; a `--` ends them, and what follows is
    spark-submit's. The first argument that is no option is the application, and nothing after it is looked at.
    Raises UsageError for an option that neither of the two tables knows, for a missing or impossible value, and
    when there is no application.
    """
    own: dict[str, Any] = {}
    spark_args: list[str] = []
    spark_options: list[tuple[str, str | None]] = []
    ours = True
    application: str | None = None
    at = 0
    while at < len(argv):
        arg = argv[at]
        at += 1
        if arg == "--" and ours:
            ours = False
            continue
        match = _SPELLED.fullmatch(arg)
        name, attached = (match[1], match[2]) if match else (arg, None)
        if ours and (option := _OWN.get(name.removesuffix("=") if attached is None else name)):
            if option.metavar is None:
                own[option.name] = _switch(option, arg)
            else:
                value = attached or _following(option, arg, argv[at : at + 1])
                at += attached is None
                own[option.name] = _own_value(option, value)
            continue
        name = ALIASES.get(name, name)
        if name in VALUED:
            if attached is None and at == len(argv):
                raise UsageError(f"{arg} needs a value; see spark-submit --help.")
            spark_args += [arg] if attached is not None else [arg, argv[at]]
            spark_options.append((name, attached if attached is not None else argv[at]))
            at += attached is None
        elif name in SWITCHES and attached is None:
            spark_args.append(arg)
            spark_options.append((name, None))
        elif arg.startswith("-"):
            raise UsageError(_unknown(arg, name, attached))
        else:
            application = arg
            break
    command = SubmitCommand(
        own=OwnOptions(**own),
        spark_args=tuple(spark_args),
        application=application,
        app_args=tuple(argv[at:]),
        spark_options=tuple(spark_options),
    )
    if application is None and not command.is_informational:
        raise UsageError(
            "no application was given; name the Python file or JAR to run: "
            "sparklineage submit [options] APP [arguments]."
        )
    return command


def _following(option: OwnOption, arg: str, rest: Sequence[str]) -> str:
    if arg.endswith("=") or not rest or not rest[0] or rest[0] in _KNOWN:
        found = f", but {rest[0]} follows" if rest and rest[0] and not arg.endswith("=") else ""
        raise UsageError(f"{option.flag} needs a value{found}: {option.flag} {option.metavar}.")
    return rest[0]


def _switch(option: OwnOption, arg: str) -> bool:
    if arg != option.flag:
        raise UsageError(f"{option.flag} takes no value, found {arg!r}; write {option.flag} alone.")
    return True


def _own_value(option: OwnOption, value: str) -> str | float | Path:
    if option.flag in _PATHS:
        return Path(value).expanduser()
    if option.flag == "--run-id" and not is_run_id(value):
        raise UsageError(f"--run-id must be a UUID such as 01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42, found {value!r}.")
    if option.flag == "--drain-timeout":
        return _seconds(value)
    return value


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise UsageError(f"--drain-timeout must be a number of seconds, 0 or more, found {value!r}.")
    return seconds


def _unknown(arg: str, name: str, attached: str | None) -> str:
    if name in SWITCHES:
        return f"{name} takes no value, found {attached!r}; write {name} alone."
    plain = name.rstrip("=")
    if plain in VALUED:
        return (
            f"{plain} needs a value after the equals sign, as spark-submit does; or write {plain} '' for an empty one."
        )
    return (
        f"unknown option {arg.split('=', 1)[0]}; neither sparklineage nor spark-submit knows it."
        f"{suggestion(plain, _KNOWN)}"
    )
