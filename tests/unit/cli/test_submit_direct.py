"""`submit` where the agent sends its events itself: what goes by variables, and who delivers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.scripted import argv, submit

CANARY = "canary-2b81"


def write(spark: Path, headers: str = f"X-Tenant: {CANARY}") -> None:
    (spark.parent / "sparklineage.yml").write_text(
        f"delivery: {{mode: direct}}\ntransport:\n  url: 'http://h:1?tenant={CANARY}'\n  headers: {{{headers}}}\n"
    )


def variables(spark: Path) -> dict[str, str]:
    lines = (spark.parent / "env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line.startswith("OPENLINEAGE__"))


def test_headers_and_parameters_go_by_variables_whatever_they_are_called(spark: Path) -> None:
    write(spark)
    status, out, err = submit(spark, "job.py")
    assert status == 0
    assert CANARY not in "".join(argv(spark)) + out + err
    found = variables(spark)
    assert json.loads(found["OPENLINEAGE__TRANSPORT__HEADERS"]) == {"X-Tenant": CANARY}
    assert found["OPENLINEAGE__TRANSPORT__URL_PARAMS__TENANT"] == CANARY
    assert found["OPENLINEAGE__TRANSPORT__TYPE"] == "http"
    assert (
        "the agent delivers its own by http (the url in sparklineage.yml:3:3); whether they arrive is not known here"
        in err
    )
    assert "no backend is configured" not in err


def test_a_dry_run_names_the_variables_and_shows_nothing_of_them(spark: Path) -> None:
    write(spark, f"X-Tenant: {CANARY}, X-Key: 'env:KEY'")
    status, out, err = submit(spark, "--dry-run", "job.py", KEY=CANARY)
    assert (status, CANARY in out + err) == (0, False)
    _, told = out.split("# variables of the driver, for what must not be in its command\n")
    headers = '{"X-Key": "<env:KEY>", "X-Tenant": "<what stands in sparklineage.yml:4:13>"}'
    assert told.splitlines()[:3] == [
        "OPENLINEAGE__TRANSPORT__TYPE=http",
        f"OPENLINEAGE__TRANSPORT__HEADERS='{headers}'",
        """OPENLINEAGE__TRANSPORT__URL_PARAMS__TENANT='"<what stands in sparklineage.yml:3:3>"'""",
    ]


def test_in_the_outbox_a_dry_run_has_none(spark: Path) -> None:
    _, out, _ = submit(spark, "--dry-run", "job.py")
    assert "variables" not in out


@pytest.mark.parametrize("key", ["spark.acme.password", "spark.hadoop.fs.s3a.access.key"])
def test_both_lists_of_a_dry_run_mask_alike(spark: Path, key: str) -> None:
    (spark.parent / "sparklineage.yml").write_text(f"namespace: n\nspark: {{spark.acme.note: 'token={CANARY}'}}\n")
    _, out, _ = submit(spark, "--dry-run", "--conf", f"{key}={CANARY}", "job.py")
    assert CANARY not in out
    assert out.count("spark.acme.note=token=********") == 2


def test_what_lint_calls_an_error_is_one_before_anything_is_started(spark: Path) -> None:
    (spark.parent / "sparklineage.yml").write_text("transport: {type: file, location: events.json}\n")
    status, _, err = submit(spark, "job.py")
    assert status == 64
    assert err.startswith("sparklineage: sparklineage.yml:1:25: transport.location is a file name without a folder.")
    assert not (spark.parent / "argv").exists()
