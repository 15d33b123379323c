"""The command line: what is ours, what is Spark's, where the application begins."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from sparklineage.config.spark_options import ALIASES, SWITCHES, VALUED
from sparklineage.errors import UsageError
from sparklineage.submit.options import OWN_OPTIONS, OwnOptions, SubmitCommand, parse

UUID = "01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42"


def test_every_option_of_ours_has_a_field() -> None:
    assert {option.name for option in OWN_OPTIONS} == {entry.name for entry in fields(OwnOptions)}
    assert all(option.help and not option.help.endswith(".") for option in OWN_OPTIONS)


def test_no_option_of_ours_hides_one_of_sparks() -> None:
    assert not {option.flag for option in OWN_OPTIONS} & (VALUED | SWITCHES)


def test_the_user_s_options_stay_as_they_are_and_ours_are_taken_out() -> None:
    argv = [
        "--master", "local[2]", "--strict", "--conf=spark.a=b=c", "--journal", "/j", "-c", "spark.d= e ",
        "--driver-memory", "2g", "--namespace=prod", "-v", "--supervise", "--py-files=a.py,b.py",
        "job.py", "--strict", "--master", "x", "--", "-h",
    ]  # fmt: skip
    command = parse(argv)
    assert command.spark_args == (
        "--master", "local[2]", "--conf=spark.a=b=c", "-c", "spark.d= e ", "--driver-memory", "2g", "-v", "--supervise",
        "--py-files=a.py,b.py",
    )  # fmt: skip
    assert command.application == "job.py"
    assert command.app_args == ("--strict", "--master", "x", "--", "-h")
    assert command.own == OwnOptions(strict=True, journal=Path("/j"), namespace="prod")
    assert command.conf == [("spark.a", "b=c"), ("spark.d", " e ")]
    assert command.values("--master") == ["local[2]"]
    assert command.has("--verbose")


@pytest.mark.parametrize("flag", sorted(VALUED))
def test_every_spark_option_with_a_value_in_both_spellings(flag: str) -> None:
    for argv in ([flag, "-x y", "app.jar", "1"], [f"{flag}=-x y", "app.jar", "1"]):
        command = parse(argv)
        assert command.spark_args == tuple(argv[:-2])
        assert command.values(flag) == ["-x y"]
        assert (command.application, command.app_args) == ("app.jar", ("1",))


@pytest.mark.parametrize("flag", [*sorted(SWITCHES), *(alias for alias in ALIASES if alias != "-c")])
def test_every_spark_switch(flag: str) -> None:
    command = parse([flag, "app.jar", "1"])
    assert (command.spark_args, command.application, command.app_args) == ((flag,), "app.jar", ("1",))


UNKNOWN = "; neither sparklineage nor spark-submit knows it."
NO_APP = "no application was given; name the Python file or JAR to run: sparklineage submit [options] APP [arguments]."
EMPTY = "--name needs a value after the equals sign, as spark-submit does; or write --name '' for an empty one."
OWN_VALUES = {"--run-id": UUID, "--drain-timeout": "2.5"}


@pytest.mark.parametrize("option", OWN_OPTIONS, ids=lambda option: option.flag)
def test_every_option_of_ours_in_both_spellings_anywhere(option: object) -> None:
    flag, metavar, name = option.flag, option.metavar, option.name  # type: ignore[attr-defined]
    value = OWN_VALUES.get(flag, "/some/value")
    spellings = [[flag]] if metavar is None else [[flag, value], [f"{flag}={value}"]]
    for spelled in spellings:
        for argv in ([*spelled, "--master", "yarn", "a.py"], ["--master", "yarn", *spelled, "a.py"]):
            command = parse(argv)
            assert command.spark_args == ("--master", "yarn")
            found = getattr(command.own, name)
            assert found is True if metavar is None else str(found) == value


def test_the_last_of_an_option_counts() -> None:
    command = parse(["--namespace", "a", "--namespace=b", "--deploy-mode", "client", "--deploy-mode=cluster", "x.py"])
    assert (command.own.namespace, command.deploy_mode) == ("b", "cluster")


def test_a_spark_option_takes_what_follows_whatever_it_is() -> None:
    command = parse(["--name", "--strict", "job.py"])
    assert command.values("--name") == ["--strict"]
    assert not command.own.strict


def test_two_dashes_end_our_options() -> None:
    command = parse(["--strict", "--", "--master", "local", "job.py", "--"])
    assert command.own.strict
    assert (command.spark_args, command.app_args) == (("--master", "local"), ("--",))
    with pytest.raises(UsageError, match="unknown option --dry-run"):
        parse(["--", "--dry-run", "job.py"])


@pytest.mark.parametrize("name", ["pyspark-shell", "spark-internal", "s3://b/job.py", "a=b.py", ""])
def test_anything_without_a_dash_is_the_application(name: str) -> None:
    assert parse(["--master", "local", name, "--x"]).application == name


@pytest.mark.parametrize(
    "argv", [["--version"], ["--help"], ["-h"], ["--kill", "1"], ["--status=1"], ["--usage-error"]]
)
def test_questions_to_spark_submit_need_no_application(argv: list[str]) -> None:
    command = parse(["--master", "spark://h:7077", *argv])
    assert command.is_informational
    assert command.application is None
    assert not parse(["--master", "local", "job.py", *argv]).is_informational


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--strickt", "a.py"], f"unknown option --strickt{UNKNOWN} Did you mean --strict?"),
        (["--mastre=local", "a.py"], f"unknown option --mastre{UNKNOWN} Did you mean --master?"),
        (["-x", "a.py"], f"unknown option -x{UNKNOWN}"),
        (["--master"], "--master needs a value; see spark-submit --help."),
        (["--name=", "a.py"], EMPTY),
        (["--verbose=true", "a.py"], "--verbose takes no value, found 'true'; write --verbose alone."),
        (["--strict=yes", "a.py"], "--strict takes no value, found '--strict=yes'; write --strict alone."),
        (["--dry-run=", "a.py"], "--dry-run takes no value, found '--dry-run='; write --dry-run alone."),
        (["--journal"], "--journal needs a value: --journal DIR."),
        (["--journal=", "a.py"], "--journal needs a value: --journal DIR."),
        (["--journal", "", "a.py"], "--journal needs a value: --journal DIR."),
        (["--journal", "--strict", "a.py"], "--journal needs a value, but --strict follows: --journal DIR."),
        (["--drain-timeout", "nan", "a.py"], "--drain-timeout must be a number of seconds, 0 or more, found 'nan'."),
        (["--drain-timeout=inf", "a.py"], "--drain-timeout must be a number of seconds, 0 or more, found 'inf'."),
        (["--drain-timeout=-1", "a.py"], "--drain-timeout must be a number of seconds, 0 or more, found '-1'."),
        (["--drain-timeout=5s", "a.py"], "--drain-timeout must be a number of seconds, 0 or more, found '5s'."),
        (["--run-id=7", "a.py"], "--run-id must be a UUID such as 01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42, found '7'."),
        ([], NO_APP),
        (["--master", "local"], NO_APP),
    ],
)  # fmt: skip
def test_bad_command_lines(argv: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(argv)
    assert str(caught.value) == message


def test_drain_timeout_is_a_number() -> None:
    assert parse(["--drain-timeout", "0", "a.py"]).own.drain_timeout == 0.0
    assert parse(["--drain-timeout=1.5", "a.py"]).own.drain_timeout == 1.5


def test_parsing_leaves_the_arguments_alone() -> None:
    argv = ["--strict", "--conf", "spark.a=1", "a.py", "x"]
    assert isinstance(parse(argv), SubmitCommand)
    assert argv == ["--strict", "--conf", "spark.a=1", "a.py", "x"]
