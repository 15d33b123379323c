"""What the relay makes of an application's records: one true terminal event a run, nothing behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sparklineage.journal import RunFolder
from sparklineage.relay import Follower, read_events
from tests.support.journal import APP, T0, add, application, event, execution, folder, outcome, witnessed

Q1, Q2 = "01900000-0000-7000-8000-0000000000a1", "01900000-0000-7000-8000-0000000000a2"
R1 = "01900000-0000-7000-8000-0000000000b1"
STEP = "01900000-0000-7000-8000-0000000000c1"


def settle(made: RunFolder, *, polls: int = 2) -> list[dict[str, Any]]:
    follower = Follower(made)
    found = [item for _ in range(polls) for item in follower.poll()]
    return found + follower.finish()


def ends(events: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Event types by run id."""
    found: dict[str, list[str]] = {}
    for item in events:
        found.setdefault(item["run"]["runId"], []).append(item["eventType"])
    return found


def message(item: dict[str, Any]) -> str:
    text: str = item["run"]["facets"]["errorMessage"]["message"]
    return text


def start_witness(made: RunFolder) -> None:
    add(made.witness, witnessed("application", 0, format=1, runId=APP, applicationName="app"))


@pytest.fixture
def made(tmp_path: Path) -> RunFolder:
    found = folder(tmp_path)
    start_witness(found)
    add(found.agent, application("START", 1))
    return found


def test_an_application_that_ended_well_completes_once(made: RunFolder) -> None:
    add(made.agent, application("COMPLETE", 50))
    outcome(made)
    assert ends(settle(made)) == {APP: ["START", "COMPLETE"]}


def test_an_application_that_failed_is_told_as_failed_though_the_agent_said_complete(made: RunFolder) -> None:
    add(made.agent, application("COMPLETE", 50))
    outcome(made, "FAIL", message="ValueError: no")
    found = settle(made)
    assert ends(found) == {APP: ["START", "FAIL"]}
    assert message(found[-1]) == "ValueError: no"
    assert found[-1]["eventTime"] == "2027-01-15T08:01:39.000Z"


def test_a_job_that_died_before_spark_started_has_a_start_and_an_end(tmp_path: Path) -> None:
    made = folder(tmp_path, parent={"run": {"runId": Q1}, "job": {"namespace": "n", "name": "dag.task"}})
    outcome(made, "FAIL", message="Error: no such class")
    found = settle(made)
    assert ends(found) == {APP: ["START", "FAIL"]}
    assert {item["job"]["name"] for item in found} == {"app"}
    assert found[0]["run"]["facets"]["parent"]["job"]["name"] == "dag.task"


@pytest.mark.parametrize(("state", "said"), [("ABORT", "the driver was stopped"), ("COMPLETE", "shut down")])
def test_a_query_cut_off_by_its_contexts_end_has_one_end(made: RunFolder, state: str, said: str) -> None:
    """The agent reports it as complete, under a new run id, because it has forgotten its runs by then."""
    add(made.witness, *execution(0, 10), witnessed("jobStart", 11, jobId=0, executionId=0, step=None))
    add(made.witness, witnessed("jobStart", 12, jobId=1, executionId=None, step=None))
    add(made.witness, witnessed("applicationEnd", 19))
    add(made.witness, *(witnessed("jobEnd", 20, jobId=number, error="shut down") for number in (0, 1)))
    add(made.witness, witnessed("executionEnd", 20, executionId=0, error="shut down", stackTrace="at Y"))
    add(made.agent, event("START", 10, Q1, "app.q", inputs=("/i",), outputs=("/o",)))
    details = {"spark_jobDetails": {"jobId": 1}}
    add(made.agent, event("START", 12, R1, "app.rdd", job_type="RDD_JOB", facets=details))
    add(made.agent, application("COMPLETE", 19), event("COMPLETE", 20, Q2, "app.q", outputs=("/o",)))
    outcome(made, state, message="the driver was stopped" if state == "ABORT" else None)
    found = settle(made)
    expected = "ABORT" if state == "ABORT" else "FAIL"
    assert ends(found) == {APP: ["START", state], Q1: ["START", expected], R1: ["START", expected]}
    for run in (Q1, R1):
        assert message([item for item in found if item["run"]["runId"] == run][-1]) == said


@pytest.mark.parametrize("agent", [("COMPLETE",), ("FAIL", "COMPLETE"), ("RUNNING", "FAIL", "COMPLETE")])
def test_a_failed_query_fails_whatever_the_agent_says(made: RunFolder, agent: tuple[str, ...]) -> None:
    add(made.witness, *execution(0, 10, 20, error="[X] went wrong", stack_trace="at Y"))
    add(made.agent, event("START", 10, Q1, "app.q", outputs=("/o",)))
    add(made.agent, *(event(kind, 20, Q1, "app.q", outputs=("/o",)) for kind in agent))
    outcome(made)
    found = settle(made)
    assert ends(found)[Q1] == ["START", *(kind for kind in agent if kind == "RUNNING"), "FAIL"]
    failed = next(item for item in found if item["eventType"] == "FAIL")
    assert failed["run"]["facets"]["errorMessage"] | {"_producer": "", "_schemaURL": ""} == {
        "_producer": "",
        "_schemaURL": "",
        "message": "[X] went wrong",
        "programmingLanguage": "JAVA",
        "stackTrace": "at Y",
    }
    assert ends(found)[APP][-1] == "COMPLETE"


def test_only_the_failed_one_of_two_queries_fails(made: RunFolder) -> None:
    add(made.witness, *execution(0, 10, 20), *execution(1, 30, 40, error="no"))
    add(made.agent, event("START", 10, Q1, "app.q"), event("COMPLETE", 20, Q1, "app.q"))
    add(made.agent, event("START", 30, Q2, "app.q"), event("COMPLETE", 40, Q2, "app.q"))
    outcome(made)
    found = ends(settle(made))
    assert (found[Q1], found[Q2]) == (["START", "COMPLETE"], ["START", "FAIL"])


def test_two_queries_of_one_millisecond_are_told_apart_by_their_ends(made: RunFolder) -> None:
    add(made.witness, *execution(0, 10, 40, error="no"), *execution(1, 10, 30))
    add(made.agent, event("START", 10, Q1, "app.a"), event("START", 10, Q2, "app.b"))
    add(made.agent, event("COMPLETE", 30, Q1, "app.a"), event("COMPLETE", 40, Q2, "app.b"))
    outcome(made)
    found = ends(settle(made))
    assert (found[Q1], found[Q2]) == (["START", "COMPLETE"], ["START", "FAIL"])


def test_a_command_that_the_agent_reports_by_its_end_alone_is_found(made: RunFolder) -> None:
    add(made.witness, *execution(0, 10, 20, error="table exists"))
    add(made.agent, event("COMPLETE", 20, Q1, "app.create_table"))
    outcome(made)
    assert ends(settle(made))[Q1] == ["FAIL"]


def test_the_first_jobs_fail_waits_for_the_querys_end(made: RunFolder) -> None:
    add(made.witness, *execution(0, 10))
    add(made.agent, event("START", 10, Q1, "app.q"), event("FAIL", 15, Q1, "app.q"))
    follower = Follower(made)
    assert ends(follower.poll())[Q1] == ["START"]
    add(made.witness, *execution(0, 10, 25)[1:])
    add(made.agent, event("COMPLETE", 25, Q1, "app.q"))
    assert [item["eventType"] for item in follower.poll()] == ["COMPLETE"]


def test_without_a_witness_fail_wins_over_a_later_complete(tmp_path: Path) -> None:
    made = folder(tmp_path)
    add(made.agent, application("START", 1), event("START", 10, Q1, "app.q"))
    add(made.agent, event("FAIL", 15, Q1, "app.q"), event("COMPLETE", 16, Q1, "app.q"))
    outcome(made)
    assert ends(settle(made))[Q1] == ["START", "FAIL"]


def test_nothing_follows_a_terminal_event(made: RunFolder) -> None:
    add(made.witness, *execution(0, 10, 20))
    add(made.agent, event("START", 10, Q1, "app.q"), event("COMPLETE", 20, Q1, "app.q"))
    add(made.agent, event("RUNNING", 21, Q1, "app.q"), event("COMPLETE", 22, Q1, "app.q"))
    outcome(made)
    assert ends(settle(made))[Q1] == ["START", "COMPLETE"]


@pytest.mark.parametrize(("error", "state"), [(None, "COMPLETE"), ("Job aborted", "FAIL")])
def test_an_rdd_run_that_was_left_open_ends_as_its_job_did(made: RunFolder, error: str | None, state: str) -> None:
    add(made.witness, witnessed("jobStart", 10, jobId=3, executionId=None, step=None))
    add(made.witness, witnessed("jobEnd", 20, jobId=3, error=error))
    facets = {"spark_jobDetails": {"jobId": 3}}
    add(made.agent, event("START", 10, R1, "app.rdd", "RDD_JOB", inputs=("/i",), facets=facets))
    outcome(made)
    found = settle(made)
    assert ends(found)[R1] == ["START", state]
    assert next(item for item in found if item["eventType"] == state)["eventTime"] == "2027-01-15T08:00:00.020Z"


@pytest.mark.parametrize("state", ["FAIL", "ABORT"])
def test_a_query_that_was_cut_off_shares_the_applications_end(made: RunFolder, state: str) -> None:
    add(made.witness, *execution(0, 10))
    add(made.agent, event("START", 10, Q1, "app.q"))
    outcome(made, state, message="the driver was killed")
    found = settle(made)
    assert ends(found) == {APP: ["START", state], Q1: ["START", state]}
    assert found[-1]["run"]["runId"] == APP


def test_a_second_context_under_the_same_run_id_gives_one_start_and_one_end(made: RunFolder) -> None:
    add(made.agent, application("COMPLETE", 30), application("START", 40), application("COMPLETE", 50))
    outcome(made)
    assert ends(settle(made)) == {APP: ["START", "RUNNING", "COMPLETE"]}


def test_a_second_context_counts_its_executions_anew(made: RunFolder) -> None:
    add(made.witness, *execution(0, 10, 20))
    start_witness(made)
    add(made.witness, *execution(0, 60, 70, error="no"))
    add(made.agent, event("START", 10, Q1, "app.q"), event("COMPLETE", 20, Q1, "app.q"))
    add(made.agent, event("START", 60, Q2, "app.q"), event("COMPLETE", 70, Q2, "app.q"))
    outcome(made)
    found = ends(settle(made))
    assert (found[Q1], found[Q2]) == (["START", "COMPLETE"], ["START", "FAIL"])


def test_an_agent_that_chose_its_own_run_id_is_followed(tmp_path: Path) -> None:
    made = folder(tmp_path)
    add(made.agent, application("START", 1, Q1), application("COMPLETE", 9, Q1))
    outcome(made, "FAIL", message="x")
    assert ends(settle(made)) == {Q1: ["START", "FAIL"]}


def declare(
    made: RunFolder, start: int, end: int | None, inputs: tuple[str, ...] = ("/hidden",), **fields: Any
) -> None:
    first = {"type": "stepStart", "format": 1, "time": T0 + start, "step": STEP, "parentStep": None}
    first["name"] = fields.get("name", "weather")
    first["inputs"] = [{"namespace": "sqlite", "name": name} for name in inputs]
    first["outputs"] = []
    add(made.steps, first)
    if end is not None:
        add(made.steps, {"type": "stepEnd", "time": T0 + end, "step": STEP, "error": fields.get("error")})


def test_a_steps_inputs_are_merged_into_its_querys_terminal_event(made: RunFolder) -> None:
    declare(made, 5, 30)
    # As in a Delta session: the job belongs to an inner execution, the agent reports the outer one.
    add(made.witness, *execution(0, 10)[:1], *execution(1, 12, 18, root=0))
    add(made.witness, witnessed("jobStart", 13, jobId=0, executionId=1, step=STEP), *execution(0, 10, 20)[1:])
    add(made.agent, event("START", 10, Q1, "app.q", outputs=("/o",)))
    add(made.agent, event("COMPLETE", 20, Q1, "app.q", inputs=("/seen",), outputs=("/o",)))
    outcome(made)
    found = settle(made)
    done = next(item for item in found if item["run"]["runId"] == Q1 and item["eventType"] == "COMPLETE")
    assert [(item["namespace"], item["name"]) for item in done["inputs"]] == [("file", "/seen"), ("sqlite", "/hidden")]
    assert done["inputs"][1]["facets"]["sparklineage_declared"]["step"] == "weather"
    assert set(ends(found)) == {APP, Q1}


def test_the_terminal_event_waits_for_an_open_step(made: RunFolder) -> None:
    declare(made, 5, None)
    add(made.witness, *execution(0, 10, 20))
    add(made.witness, witnessed("jobStart", 13, jobId=0, executionId=0, step=STEP))
    add(made.agent, event("START", 10, Q1, "app.q"), event("COMPLETE", 20, Q1, "app.q"))
    follower = Follower(made)
    assert ends(follower.poll() + follower.poll())[Q1] == ["START"]
    late = {"type": "stepDatasets", "time": T0 + 25, "step": STEP, "inputs": [], "outputs": []}
    late["outputs"] = [{"namespace": "file", "name": "/model"}]
    add(made.steps, late, {"type": "stepEnd", "time": T0 + 26, "step": STEP, "error": None})
    (done,) = follower.poll()
    assert (done["eventType"], [item["name"] for item in done["outputs"]]) == ("COMPLETE", ["/model"])


def test_a_query_that_the_agent_left_out_gets_a_run_with_the_declared_datasets(made: RunFolder) -> None:
    declare(made, 5, 30)
    add(made.witness, *execution(0, 10, 20, error="boom"))
    add(made.witness, witnessed("jobStart", 13, jobId=0, executionId=0, step=STEP), witnessed("applicationEnd", 90))
    outcome(made)
    follower = Follower(made)
    live = follower.poll() + follower.poll()
    mine = [item for item in live if item["job"]["name"] == "app.weather"]
    assert [item["eventType"] for item in mine] == ["START", "FAIL"], "told while the application still runs"
    assert [item["inputs"][0]["name"] for item in mine] == ["/hidden", "/hidden"]
    assert mine[0]["run"]["facets"]["parent"]["run"]["runId"] == APP
    assert message(mine[1]) == "boom"
    assert [item["run"]["runId"] for item in follower.finish()] == [APP]


def test_no_query_is_left_out_whose_events_are_not_read_yet(made: RunFolder) -> None:
    """A relay that comes late reads a long journal in parts, and the witness's and the steps' files at once."""
    long = {"padding": {"text": "x" * 1_000_000}}
    declare(made, 10, 19)
    add(made.witness, *execution(1, 11, 18), witnessed("jobStart", 12, jobId=1, executionId=1, step=STEP))
    add(made.witness, *execution(2, 20, 90))
    add(made.agent, *(event("RUNNING", 2, run=R1, facets=long) for _ in range(20)))
    add(made.agent, event("START", 11, run=Q1), event("COMPLETE", 18, run=Q1), application("COMPLETE", 95))
    outcome(made)
    Follower(made).finish()
    found = read_events(made)
    assert {item["run"]["runId"] for item in found} == {APP, R1, Q1}
    assert ends(found)[Q1] == ["START", "COMPLETE"]


def test_a_step_without_any_query_is_a_run_of_its_own(made: RunFolder) -> None:
    declare(made, 5, 30, error={"type": "ValueError", "message": "no file"})
    outcome(made)
    found = [item for item in settle(made) if item["job"]["name"] == "app.weather"]
    assert [item["eventType"] for item in found] == ["START", "FAIL"]
    assert message(found[1]) == "ValueError: no file"


@pytest.mark.parametrize(("name", "job"), [("订单", "app.订单"), ("Größe", "app.größe"), ("🚀", "app.step_377bd7c6")])
def test_a_step_named_in_another_script_is_a_job_of_its_own(made: RunFolder, name: str, job: str) -> None:
    declare(made, 5, 30, name=name)
    outcome(made)
    assert {item["job"]["name"] for item in settle(made)} == {"app", job}


def test_a_query_without_jobs_belongs_to_the_one_step_that_stood_open(made: RunFolder) -> None:
    declare(made, 5, 30)
    add(made.witness, *execution(0, 10, 20), *execution(1, 40, 50))
    add(made.agent, event("START", 10, Q1, "app.ddl"), event("COMPLETE", 20, Q1, "app.ddl"))
    add(made.agent, event("START", 40, Q2, "app.ddl"), event("COMPLETE", 50, Q2, "app.ddl"))
    outcome(made)
    found = {item["run"]["runId"]: item for item in settle(made) if item["eventType"] == "COMPLETE"}
    assert [item["name"] for item in found[Q1]["inputs"]] == ["/hidden"]
    assert found[Q2]["inputs"] == []


def test_without_a_witness_the_captured_property_ties_a_query_to_its_step(tmp_path: Path) -> None:
    made = folder(tmp_path)
    declare(made, 5, 30)
    facets = {"spark_properties": {"properties": {"spark.sparklineage.step": STEP}}}
    add(made.agent, application("START", 1), event("START", 10, Q1, "app.q"))
    add(made.agent, event("RUNNING", 12, Q1, "app.q", facets=facets), event("COMPLETE", 20, Q1, "app.q"))
    outcome(made)
    found = settle(made)
    assert set(ends(found)) == {APP, Q1}
    done = next(item for item in found if item["run"]["runId"] == Q1 and item["eventType"] == "COMPLETE")
    assert [item["name"] for item in done["inputs"]] == ["/hidden"]


def test_coverage_counts_the_users_queries_alone(made: RunFolder) -> None:
    add(made.witness, *execution(0, 10, 20), *execution(1, 12, 14, root=0), *execution(2, 30, 40))
    add(made.witness, *execution(3, 50, 60, description="Delta: Filtering files for query"))
    add(made.agent, event("START", 10, Q1, "app.q"), event("COMPLETE", 20, Q1, "app.q", outputs=("/o",)))
    outcome(made)
    follower = Follower(made)
    follower.finish()
    found = follower.settler.coverage()
    assert (found.queries, found.reported) == (2, 1)
    assert found.left_out[0]["description"] == "save at job.py:2"


def test_a_relay_that_starts_anew_writes_only_what_is_missing(made: RunFolder) -> None:
    add(made.witness, *execution(0, 10, 20))
    add(made.agent, event("START", 10, Q1, "app.q"), event("COMPLETE", 20, Q1, "app.q"))
    first = Follower(made).poll()
    with made.events.open("ab") as file:
        file.write(b'{"torn')
    add(made.agent, application("COMPLETE", 50))
    outcome(made)
    again = Follower(made)
    rest = again.poll() + again.finish()
    assert [item["eventType"] for item in first + rest] == ["START", "START", "COMPLETE", "COMPLETE"]
    assert len(made.events.read_text().splitlines()) == 4


def test_damaged_lines_are_skipped_counted_and_named(made: RunFolder) -> None:
    with made.agent.open("a") as file:
        file.write('not json\n[1, 2]\n{"eventType": "STA')
    outcome(made)
    follower = Follower(made)
    follower.finish()
    assert follower.corrupt() == {"agent.ndjson": [2, 3, 4]}


def test_a_secret_in_an_error_is_masked(made: RunFolder) -> None:
    add(made.witness, *execution(0, 10, 20, error="cannot reach jdbc:postgresql://bob:hunter22@db/x password=hunter22"))
    add(made.agent, event("START", 10, Q1, "app.q"), event("COMPLETE", 20, Q1, "app.q"))
    outcome(made)
    settle(made)
    assert "hunter22" not in made.events.read_text()


def test_a_step_is_told_once_by_the_outer_query(made: RunFolder) -> None:
    declare(made, 5, 30)
    add(made.witness, *execution(0, 10, command="Execute SaveIntoDataSourceCommand"), *execution(1, 12, 18, root=0))
    add(made.witness, witnessed("jobStart", 13, jobId=0, executionId=1, step=STEP), *execution(0, 10, 20)[1:])
    add(made.agent, event("START", 10, Q1, "app.save", outputs=("/o",)), event("START", 12, Q2, "app.scan"))
    add(made.agent, event("COMPLETE", 18, Q2, "app.scan"), event("COMPLETE", 20, Q1, "app.save", outputs=("/o",)))
    outcome(made)
    found = {item["run"]["runId"]: item for item in settle(made) if item["eventType"] == "COMPLETE"}
    assert [item["name"] for item in found[Q1]["inputs"]] == ["/hidden"]
    assert found[Q2]["inputs"] == []
    facet = found[Q2]["run"]["facets"]["sparklineage_execution"]
    assert (facet["executionId"], facet["rootExecutionId"]) == (1, 0)


def test_a_step_comes_after_the_start_of_an_application_that_no_agent_reported(tmp_path: Path) -> None:
    made = folder(tmp_path)
    declare(made, 5, 30)
    outcome(made)
    assert [(item["eventType"], item["job"]["name"]) for item in settle(made)] == [
        ("START", "app"),
        ("START", "app.weather"),
        ("COMPLETE", "app.weather"),
        ("COMPLETE", "app"),
    ]


def test_known_secrets_are_written_nowhere_and_names_stay_names(tmp_path: Path) -> None:
    """Also what the agent quotes, such as SQL; a password that is a common word does not spoil a dataset's name."""
    made = folder(tmp_path)
    start_witness(made)
    key, odd, word = "c4nary-key", 'qu"ote\u00e9-77', "postgres"
    sql = {"sql": {"query": f"SELECT '{key}', '{odd}', '{word}'"}}
    add(
        made.agent,
        application("START", 1),
        event("START", 2, Q1, outputs=("postgres.public.t", f"/data/{key}"), facets=sql),
        event("FAIL", 9, Q1, facets=sql),
        application("FAIL", 20),
    )
    add(made.witness, *execution(1, 2, 9, error=f"refused {key} and {odd} for {word}", run=Q1, description=f"at {odd}"))
    outcome(made, "FAIL", message=f"ValueError: {key}")
    Follower(made, secrets=[key, odd, word, "123456"]).finish()
    for path in (made.events, made.settled):
        text = path.read_text()
        assert key not in text
        assert odd not in text
        assert "qu\\" not in text
    events = read_events(made)
    assert [item["name"] for item in events[1]["outputs"]] == ["postgres.public.t", "/data/********"]
    assert events[1]["run"]["facets"]["sql"]["query"] == "SELECT '********', '********', '********'"
    assert ends(events)[APP] == ["START", "FAIL"]


@pytest.mark.parametrize(("outputs", "left_out"), [((), ["output"]), (("/o",), [])])
def test_a_write_that_the_agent_reports_without_its_output_is_not_covered(
    made: RunFolder, outputs: tuple[str, ...], left_out: list[str]
) -> None:
    """The agent 1.53.0 drops a Delta table whose path has a blank."""
    add(made.witness, *execution(0, 10, 20, command="Execute SaveIntoDataSourceCommand (1)"))
    add(made.witness, *execution(1, 30, 40, command="Execute DropTableCommand (1)"))
    add(made.agent, event("START", 10, Q1, "app.q"), event("COMPLETE", 20, Q1, "app.q", outputs=outputs))
    add(made.agent, event("START", 30, Q2, "app.d"), event("COMPLETE", 40, Q2, "app.d"))
    outcome(made)
    follower = Follower(made)
    follower.finish()
    found = follower.settler.coverage()
    assert [item["what"] for item in found.left_out] == left_out
    assert (found.queries, found.reported) == (2, 2 - len(left_out))
