"""The plugin in a test run of its own, on a journal made by hand: no JVM."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sparklineage.journal import RunFolder
from tests.support import journal

pytest_plugins = ["pytester"]
QUERY = "01900000-0000-7000-8000-000000000011"
LATER = "01900000-0000-7000-8000-000000000012"
COLUMNS = {"speed": {"inputFields": [{"namespace": "file", "name": "/lake/flights.csv", "field": "distance"}]}}
FACETS = {
    "columnLineage": {"fields": COLUMNS},
    "schema": {"fields": [{"name": "speed", "type": "double"}, {"name": "height", "type": "double"}]},
}
PARENT = {"parent": {"run": {"runId": journal.APP}, "job": {"namespace": "ns", "name": "app"}}}
CONFTEST = """\
import json
from pathlib import Path
import pytest
from sparklineage.testing import conf

@pytest.fixture(autouse=True)
def spools(monkeypatch):
    monkeypatch.setattr(conf, "spools", [])
    from sparklineage.testing import session
    monkeypatch.setattr(session, "spools", [Path("journal").absolute()])

@pytest.fixture
def spark():
    def write(number):
        for name, lines in json.loads(Path("later.json").read_text())[number].items():
            with open(name, "a") as file:
                file.writelines(json.dumps(line) + "\\n" for line in lines)
    return write
"""


@pytest.fixture
def runs(pytester: pytest.Pytester) -> pytest.Pytester:
    """A test run whose `spark(0)` and `spark(1)` write what a query does; another was over before."""
    folder = journal.folder(Path("journal").absolute())
    start = journal.event("START", 0, job_type="APPLICATION")
    journal.add(folder.agent, start, *_query("01900000-0000-7000-8000-000000000010", 10, "old"))
    later = [
        {str(folder.agent): _query(QUERY, 100, "delays", facet=FACETS)},
        {str(folder.agent): _query(LATER, 200, "broken", kind="FAIL"), **_step(folder)},
    ]
    Path("later.json").write_text(json.dumps(later))
    pytester.makeconftest(CONFTEST)
    return pytester


def _query(
    run: str, time: int, name: str, *, kind: str = "COMPLETE", facet: dict[str, object] | None = None
) -> list[dict[str, object]]:
    error = {"errorMessage": {"message": "the mast is broken\\n at sea", "programmingLanguage": "JAVA"}}
    made = [
        journal.event(
            one, time + number, run, f"app.execute_insert.lake_{name}", inputs=("/lake/flights.csv",),
            outputs=(f"/lake/{name}",), facets={**PARENT, **(error if one == "FAIL" else {})},
        )
        for number, one in enumerate(("START", kind))
    ]  # fmt: skip
    for event in made:
        event["outputs"][0]["facets"] = facet or {}
    return made


def _step(folder: RunFolder) -> dict[str, list[dict[str, object]]]:
    step = {"step": "01900000-0000-7000-8000-000000000020", "time": journal.T0 + 210}
    start = {"type": "stepStart", "name": "mail", "inputs": [], "outputs": [{"namespace": "smtp", "name": "captain"}]}
    return {str(folder.steps): [{**step, **start}, {**step, "type": "stepEnd", "error": None}]}


def test_a_test_sees_what_was_written_since_it_began(runs: pytest.Pytester) -> None:
    runs.makepyfile(
        """
        from sparklineage import Dataset

        def test_first(spark, lineage):
            assert lineage.runs == []
            spark(0)
            assert lineage.inputs == {"flights.csv"}
            assert lineage.inputs == {"file:/lake/flights.csv"}
            assert lineage.outputs == {Dataset("file", "/lake/delays")}
            assert lineage.outputs == {("file", "/lake/delays")}
            assert ("file", "/lake/delays") in lineage.outputs and "lake" not in lineage.outputs
            assert lineage.columns("delays.speed") == {"flights.csv.distance"}
            assert not lineage.columns("delays.height") and not lineage.run("delays").columns("delays.height")
            assert lineage.run("delays") == lineage.run("*_delays") == lineage.run("execute_insert.lake_delays")
            assert lineage.run("delays").state == "COMPLETE" and lineage.run("delays").error is None
            assert lineage.application.state == "RUNNING"
            lineage.clear()
            assert lineage.runs == []

        def test_second(spark, lineage):
            spark(1)
            assert [run.state for run in lineage.runs] == ["FAIL", "COMPLETE"]
            assert "mast is broken" in lineage.run("broken").error
            assert lineage.run("mail").outputs == {"smtp:captain"}
        """
    )
    runs.runpytest_subprocess("-q").assert_outcomes(passed=2)


def test_a_failing_assertion_says_what_differs(runs: pytest.Pytester) -> None:
    runs.makepyfile(
        """
        def test_equal(spark, lineage):
            spark(0)
            assert lineage.inputs == {"flight.csv", "s3://bucket/rates"}

        def test_in(spark, lineage):
            spark(0)
            assert "delay" in lineage.outputs

        def test_columns(spark, lineage):
            spark(0)
            assert lineage.columns("delays.speed") == {"flights.csv.time"}

        def test_column(spark, lineage):
            spark(0)
            assert lineage.columns("delays.hight") == set()

        def test_column_of_a_run(spark, lineage):
            spark(0)
            assert not lineage.run("delays").columns("lake.speed")

        def test_columns_that_nobody_knows(spark, lineage):
            spark(1)
            assert lineage.columns("broken.speed") == set()
            lineage.columns("captain.speed")
            assert lineage.columns("lost.speed") == set()

        def test_run(spark, lineage):
            spark(0)
            lineage.run("execute_insert.lake_delay")

        def test_part(spark, lineage):
            spark(0)
            assert lineage.inputs < {"flights.csv"}

        def test_apart(spark, lineage):
            spark(0)
            assert lineage.inputs.isdisjoint({"flights.csv"})

        def test_rest(spark, lineage):
            spark(0)
            assert not {"delay"} - lineage.outputs
        """
    )
    shown = runs.runpytest_subprocess("-q")
    shown.assert_outcomes(failed=10)
    shown.stdout.fnmatch_lines(
        [
            "E *Datasets differ",
            "E * - flight.csv (did you mean 'flights.csv'?)",
            "E * - s3://bucket/rates",
            "E * + file:/lake/flights.csv",
            "E *delay is not among the datasets (did you mean 'delays'?)",
            "E *    file:/lake/delays",
            "E *Columns differ",
            "E * - flights.csv.time*",
            "E * + file:/lake/flights.csv.distance",
            "E *LookupError: no output has a column 'delays.hight'. Did you mean 'delays.height'? The columns of the *",
            "E *  file:/lake/delays.height",
            "E *  file:/lake/delays.speed",
            "E *LookupError: no output has a column 'lake.speed'. *",
            "E *LookupError: no output has a column 'lost.speed'. *",
            "E *  none",
            "E *LookupError: no run is named *Did you mean 'execute_insert.lake_delays'?*",
            "E *execute_insert.lake_delays [[]COMPLETE] *{file:/lake/flights.csv} -> {file:/lake/delays}",
            "E *Datasets < fails",
            "E *  they are equal",
            "E *False, both have {file:/lake/flights.csv}*",
            "E *{'delay'}*",
        ]
    )


def test_golden_files_are_written_and_compared(runs: pytest.Pytester) -> None:
    code = """
        def test_delays(spark, lineage, tmp_path):
            spark({number})
            lineage.golden("delays")
        """
    runs.makepyfile(code.format(number=0))
    missing = runs.runpytest_subprocess("-q")
    missing.assert_outcomes(failed=1)
    missing.stdout.fnmatch_lines(["*delays.json: there is no golden file yet; write it with pytest --lineage-update.*"])
    written = runs.runpytest_subprocess("-q", "--lineage-update")
    written.assert_outcomes(passed=1)
    written.stdout.fnmatch_lines(["lineage: wrote *lineage_golden/delays.json"])
    text = Path("lineage_golden/delays.json").read_text()
    assert json.loads(text) == [
        {
            "job": "execute_insert.lake_delays",
            "kind": "SQL_JOB",
            "state": "COMPLETE",
            "inputs": ["file:/lake/flights.csv"],
            "outputs": ["file:/lake/delays"],
            "columns": {"file:/lake/delays.speed": ["file:/lake/flights.csv.distance"]},
        }
    ]
    runs.runpytest_subprocess("-q").assert_outcomes(passed=1)
    runs.makepyfile(code.format(number=1))
    differs = runs.runpytest_subprocess("-q")
    differs.assert_outcomes(failed=1)
    differs.stdout.fnmatch_lines(['E *-*"state": "COMPLETE",', 'E *+*"state": "FAIL",'])
    assert Path("lineage_golden/delays.json").read_text() == text


def test_one_golden_file_of_two_tests_is_an_error(runs: pytest.Pytester) -> None:
    runs.makepyfile(
        """
        def test_delays(spark, lineage):
            spark(0)
            lineage.golden("delays")

        def test_again(spark, lineage):
            spark(0)
            lineage.golden("delays")

        def test_broken(spark, lineage):
            spark(1)
            lineage.golden("delays")

        def test_twice(spark, lineage):
            lineage.golden("twice")
            spark(0)
            lineage.golden("twice")
        """
    )
    shown = runs.runpytest_subprocess("-q", "--lineage-update", "-p", "no:xdist")
    shown.assert_outcomes(passed=2, failed=2)
    module = "test_one_golden_file_of_two_tests_is_an_error.py"
    shown.stdout.fnmatch_lines(
        [
            f"E *delays.json: {module}::test_delays and {module}::test_broken have this golden file for different *",
            f"E *twice.json: {module}::test_twice has twice this golden file for different lineages; *",
        ]
    )
    assert json.loads(Path("lineage_golden/delays.json").read_text())[0]["state"] == "COMPLETE"
    # The next test run may change it.
    runs.runpytest_subprocess("-q", "--lineage-update", "-k", "broken").assert_outcomes(passed=1, deselected=3)
    assert "FAIL" in Path("lineage_golden/delays.json").read_text()


def test_two_processes_have_one_golden_file(runs: pytest.Pytester) -> None:
    code = """
        import time

        def test_{name}(spark, lineage):
            spark({number})
            lineage.golden("delays")
            time.sleep(1)  # so that each worker gets one
        """
    runs.makepyfile(test_one=code.format(name="one", number=0), test_two=code.format(name="two", number=1))
    shown = runs.runpytest_subprocess("-q", "--lineage-update", "-n", "2")
    shown.stdout.fnmatch_lines(["E *delays.json: test_*.py::test_* and test_*.py::test_* have this golden file for *"])


def test_a_look_at_files_is_no_input(runs: pytest.Pytester) -> None:
    look, action = "map_partitions_sql_execution_map_partitions_file_scan", "python_map_partitions_hadoop"
    jobs = {look: ("/lake", "/other"), f"python_{look}": ("/seas",), action: ("/ports",)}
    events = [
        journal.event(kind, 300 + number, f"{number}{QUERY[1:]}", f"app.{job}", "RDD_JOB", inputs=inputs, facets=PARENT)
        for kind in ("START", "COMPLETE")
        for number, (job, inputs) in enumerate(jobs.items(), 1)
    ]
    later = json.loads(Path("later.json").read_text())
    (written,) = later[0].values()
    Path("later.json").write_text(json.dumps([{name: [*written, *events] for name in later[0]}]))
    runs.makepyfile(
        """
        def test_it(spark, lineage):
            spark(0)
            assert lineage.inputs == {"/lake/flights.csv", "file:/other", "file:/seas", "file:/ports"}
            assert lineage.run("map_partitions*").inputs == {"file:/lake", "file:/other"}
        """
    )
    runs.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_without_a_traced_session_one_sentence_says_so(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(lineage): assert lineage.inputs == set()")
    shown = pytester.runpytest_subprocess("-q")
    shown.assert_outcomes(failed=1)
    shown.stdout.fnmatch_lines(["E *UntracedError: No Spark session of this test run has lineage: use the fixture *"])


def test_without_the_agent_the_sentence_names_the_command(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKLINEAGE_CACHE", str(pytester.path / "cache"))
    monkeypatch.setenv("HOME", str(pytester.path))
    monkeypatch.setenv("SPARKLINEAGE_REPOSITORY", (pytester.path / "empty").as_uri())
    pytester.makepyfile("def test_it(lineage_conf): pass")
    shown = pytester.runpytest_subprocess("-q")
    shown.assert_outcomes(errors=1)
    shown.stdout.fnmatch_lines(["*cannot be had:*Once a network is at hand, `sparklineage jar fetch` puts it there."])


def test_a_run_without_the_fixtures_loads_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_loaded():
            ours = {name for name in sys.modules if name.startswith("sparklineage")}
            assert {name.partition(".")[2] for name in ours} == {"", "testing", "testing.plugin"}
            assert "pyspark" not in sys.modules
        """
    )
    pytester.runpytest_subprocess("-q", "-p", "no:xdist").assert_outcomes(passed=1)
