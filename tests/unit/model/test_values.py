"""Clock, ids, masking and secrets: the small values that everything else relies on."""

from __future__ import annotations

import json
import uuid

import pytest

from sparklineage.cli.masked import masked_command
from sparklineage.model.clock import from_iso, now_ms, to_iso
from sparklineage.model.ids import derived_run_id, is_run_id, new_run_id
from sparklineage.model.masking import MASK, mask, mask_property
from sparklineage.model.secret import Secret

CANARY = "canary-77aa12"


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00.000Z", 0),
        ("2026-11-21T19:18:58.458Z", 1795288738458),
        ("2026-11-21T19:18:58Z", 1795288738000),
        ("2026-11-21T19:18:58.458123456Z", 1795288738458),
        ("2026-11-21T20:18:58.458+01:00", 1795288738458),
        ("2026-11-21T14:18:58.458-0500", 1795288738458),
        ("2026-11-21T19:18:58.4", 1795288738400),
    ],
)
def test_times_are_read_as_the_agent_and_others_write_them(text: str, ms: int) -> None:
    assert from_iso(text) == ms


def test_times_are_written_as_the_agent_writes_them() -> None:
    assert to_iso(1795288738458) == "2026-11-21T19:18:58.458Z"
    assert from_iso(to_iso(now := now_ms())) == now


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "None"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(ValueError):
        from_iso(text)


def test_run_ids_are_uuids_of_version_7_that_sort_by_time() -> None:
    first, second = new_run_id(), new_run_id()
    assert uuid.UUID(first).version == 7
    assert uuid.UUID(first).variant == uuid.RFC_4122
    assert first[:8] <= second[:8]
    assert is_run_id(first)
    assert first != second


def test_a_derived_id_is_the_same_for_the_same_parts() -> None:
    assert derived_run_id("a", 1) == derived_run_id("a", 1)
    assert derived_run_id("a", 1) != derived_run_id("a1")
    assert is_run_id(derived_run_id("a"))


@pytest.mark.parametrize(
    "text", ["", "x", "1-1-1-1-1", "{01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42}", "01936f0c7e1b7c6e9d2f3b1f0a5d8e42"]
)
def test_what_java_or_a_backend_reads_otherwise_is_no_run_id(text: str) -> None:
    assert not is_run_id(text)


@pytest.mark.parametrize(
    "text",
    [
        f"jdbc:postgresql://bob:{CANARY}@db/x",
        f"password={CANARY} and more",
        f'{{"apiKey": "{CANARY}"}}',
        f"Authorization: Bearer {CANARY}",
        f"spark.hadoop.fs.s3a.secret.key={CANARY}",
        f"SASL jaas.config: {CANARY};",
        f"https://h/x?api_key={CANARY}&b=1",
        f"client_secret: '{CANARY}'",
        f"https://acct.blob.core.windows.net/c/b?sv=2022&sig={CANARY}&se=1",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    assert CANARY not in mask(text)
    assert MASK in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "Path does not exist: s3://bucket/tokens/part-1",
        "Cannot resolve column password_hash",
        "at io.x.TokenProvider.get(TokenProvider.java:12)",
        "https://h:5000/api?page=2",
        "basic arithmetic failed",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


def test_known_secrets_are_masked_wherever_they_stand() -> None:
    assert mask(f"got {CANARY}!", [CANARY]) == f"got {MASK}!"
    assert mask("abc", ["abc"]) == "abc", "too short to be told from ordinary text"


def test_a_secret_propertys_value_is_hidden_whole() -> None:
    assert mask_property("spark.openlineage.transport.auth.apiKey", CANARY) == MASK
    assert mask_property("spark.master", "local[2]") == "local[2]"
    assert mask_property("spark.my.password", "") == ""


def test_a_command_line_is_shown_without_secrets() -> None:
    shown = masked_command(
        ["spark-submit", "--conf", f"spark.a.token={CANARY}", f"--conf=spark.b.password={CANARY}", "job.py", "--token",
         CANARY, f"--api-key={CANARY}", f"http://u:{CANARY}@h", "--verbose", "plain"]
    )  # fmt: skip
    assert CANARY not in " ".join(shown)
    assert shown[-1] == "plain"
    assert shown[2] == f"spark.a.token={MASK}"


@pytest.mark.parametrize(
    "key",
    [
        "spark.openlineage.transport.headers.X-Auth",
        "spark.openlineage.transport.urlParams.code",
        "spark.openlineage.transport.auth.user",
        "spark.openlineage.transport.transports.main.headers.X-Team",
        "spark.openlineage.transport.transports.main.auth.user",
        "spark.other.headers.Cookie",
    ],
)
def test_headers_parameters_and_logins_are_hidden_whatever_they_are_called(key: str) -> None:
    shown = masked_command(["spark-submit", "--conf", f"{key}=opaque", f"--conf={key}=opaque", "-c", f"{key}=opaque"])
    assert shown == ["spark-submit", "--conf", f"{key}={MASK}", f"--conf={key}={MASK}", "-c", f"{key}={MASK}"]
    assert masked_command(["--conf", "spark.openlineage.transport.url=http://h"])[1].endswith("=http://h")


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret(CANARY)
    assert CANARY not in f"{secret} {secret!r} {[secret]} {json.dumps(str(secret))}"
    assert secret.reveal() == CANARY
    assert secret == Secret(CANARY)
    assert not Secret("")
