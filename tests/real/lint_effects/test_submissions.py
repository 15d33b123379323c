"""Golden scripts that bash runs with the real spark-submit: what it drops, loses, and does not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real.lint_effects.scenes import JOB, LISTENER, Shell, agent_jar, golden, run_script

pytestmark = pytest.mark.spark

NOT_FOUND = f"ClassNotFoundException: {LISTENER}"


@pytest.fixture(scope="module")
def variables_and_a_bare_key(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """The script of SL070 with variables of SL073's kind and the command of SL004, which has a header that is a secret
    and two names more.
    """
    _, exports = golden("SL070-python-client-variable")
    exports = f"export OPENLINEAGE__TRANSPORT__AUTH__API_KEY=canary-08ca OPENLINEAGE__NAMESPACE=stage\n{exports}"
    _, command = golden("SL004-missing-prefix")
    header = "--conf spark.openlineage.transport.headers.X-Key=canary-77b1"
    twice = "--conf spark.openlineage.appName=first --conf spark.openlineage.appName=second"
    job = f'import os\n\n{JOB}\nprint(open(f"/proc/{{os.getppid()}}/cmdline").read())\n'
    text = exports.replace("spark-submit job.py\n", command.replace("job.py", f"{header} {twice} job.py"))
    return run_script(tmp_path_factory.mktemp("variables"), text, job=job, agent=True)


def test_sl004_spark_drops_the_key_with_a_warning(variables_and_a_bare_key: Shell) -> None:
    ran = variables_and_a_bare_key
    assert "Warning: Ignoring non-Spark config property: openlineage.namespace" in ran.stderr
    assert ran.green
    assert {event["job"]["namespace"] for event in ran.backend.events} == {"default"}


def test_sl070_the_agent_reads_no_variable_of_the_python_client(variables_and_a_bare_key: Shell) -> None:
    """Neither the address nor the namespace: the events go where Spark's configuration says."""
    ran = variables_and_a_bare_key
    assert ran.elsewhere.connections == 0
    assert {event["job"]["namespace"] for event in ran.backend.events} == {"default"}


def test_sl073_variables_without_a_type_are_ignored(variables_and_a_bare_key: Shell) -> None:
    """All of them, also the one that is right; the rest of the configuration counts."""
    ran = variables_and_a_bare_key
    assert {headers.get("Authorization") for headers in ran.backend.seen_headers} == {None}
    assert {event["job"]["namespace"] for event in ran.backend.events} == {"default"}


def test_sl006_of_two_values_the_last_counts(variables_and_a_bare_key: Shell) -> None:
    assert {event["job"]["name"].split(".")[0] for event in variables_and_a_bare_key.backend.events} == {"second"}


def test_sl060_the_list_of_processes_shows_the_secret(variables_and_a_bare_key: Shell) -> None:
    ran = variables_and_a_bare_key
    assert {headers["X-Key"] for headers in ran.backend.seen_headers} == {"canary-77b1"}
    assert "canary-77b1" in ran.stdout


def test_sl040_of_two_jars_options_the_first_is_lost(tmp_path: Path) -> None:
    """It was the agent's, so that the application does not start."""
    ran = run_script(tmp_path, golden("SL040-given-twice")[1])
    assert ran.status != 0
    assert NOT_FOUND in ran.stderr
    assert "green" not in ran.stdout


def test_sl043_a_listener_without_its_jar_stops_the_start(tmp_path: Path) -> None:
    ran = run_script(tmp_path, golden("SL043-listener-without-jar")[1])
    assert ran.status != 0
    assert NOT_FOUND in ran.stderr
    assert "green" not in ran.stdout


def test_sl046_packages_that_code_names_are_not_resolved_under_spark_submit(tmp_path: Path) -> None:
    ran = run_script(tmp_path, "spark-submit job.py\n", job=golden("SL046-jar-in-code")[1])
    assert ran.status != 0
    assert NOT_FOUND in ran.stderr
    assert ran.backend.events == []


def test_sl047_of_two_agents_one_is_loaded(tmp_path: Path) -> None:
    """The one of --jars, on Spark 3.5; nothing says that the other is not."""
    for version in ("1.53.0", "1.37.0"):
        agent_jar("2.12", version)
    ran = run_script(tmp_path, golden("SL047-two-agents")[1], spark="3.5")
    assert ran.green
    assert "openlineage-spark_2.12;1.37.0" in ran.stderr
    assert {event["producer"].split("/")[-3] for event in ran.backend.events} == {"1.53.0"}


def test_sl048_coordinates_without_a_scala_are_not_found(tmp_path: Path) -> None:
    """In a repository that has the same agent under its right name."""
    agent_jar("2.13")
    ran = run_script(tmp_path, golden("SL048-no-such-artifact")[1])
    assert ran.status != 0
    assert "unresolved dependency: io.openlineage#openlineage-spark;1.53.0: not found" in ran.stderr


def test_sl050_an_agent_for_another_scala_stops_the_application(tmp_path: Path) -> None:
    ran = run_script(tmp_path, golden("SL050-wrong-scala")[1])
    assert ran.status != 0
    assert "NoSuchMethodError" in ran.stderr
    assert "stopped SparkContext" in ran.stderr
    assert "green" not in ran.stdout
