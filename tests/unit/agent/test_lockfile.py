"""Lock files: what is written is read, and everything else is one sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sparklineage.agent.artifact import Artifact
from sparklineage.agent.lockfile import locked, read_lock, write_lock
from sparklineage.agent.releases import unchecked
from sparklineage.errors import ConfigError, DigestError

AGENT = unchecked("2.13", "1.53.0")
KAFKA = Artifact(group="org.apache.kafka", name="kafka-clients", version="3.9.1", sha512="ab" * 64, size=9)


def test_what_is_written_is_read_in_an_order_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "sparklineage.lock"
    write_lock(path, [KAFKA, AGENT])
    first = path.read_bytes()
    write_lock(path, [AGENT, KAFKA])
    assert path.read_bytes() == first
    assert read_lock(path) == (AGENT, KAFKA)
    assert [one.name for one in tmp_path.iterdir()] == ["sparklineage.lock"]


def test_the_lock_gives_digests_and_knows_what_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "sparklineage.lock"
    assert locked([], [AGENT, KAFKA], path) == (AGENT, KAFKA)
    assert locked([replace(KAFKA, sha512=None, size=None)], [AGENT, KAFKA], path) == (KAFKA,)
    with pytest.raises(ConfigError) as caught:
        locked([unchecked("2.12", "1.53.0")], [AGENT], path)
    assert str(caught.value) == (
        f"{path}: io.openlineage:openlineage-spark_2.12:1.53.0 is not locked there, it has {AGENT.coordinates}."
    )
    with pytest.raises(DigestError, match=r"the SHA-512 of io\.openlineage:.* is 00000+… there, but"):
        locked([AGENT], [replace(AGENT, sha512="0" * 128)], path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not JSON, so no lock file"),
        ("[" * 100_000, "not JSON, so no lock file"),
        ("[]", "no lock file, it has no list of artifacts"),
        ('{"version": 1, "artifacts": {}}', "no lock file, it has no list of artifacts"),
        ('{"version": 2, "artifacts": []}', "written by another version"),
        ('{"version": 1, "artifacts": [7]}', "artifact 1 has no coordinates"),
        ('{"version": 1, "artifacts": [{"coordinates": "a:b"}]}', "artifact 1 has no coordinates"),
        ('{"version": 1, "artifacts": [{"coordinates": "a:..:1"}]}', "artifact 1 has no coordinates"),
        ('{"version": 1, "artifacts": [{"coordinates": "a:b/c:1"}]}', "artifact 1 has no coordinates"),
        (
            '{"version": 1, "artifacts": [{"coordinates": "a:b:1", "sha512": "AB"}]}',
            "artifact 1 (a:b:1) has no SHA-512",
        ),
    ],
)
def test_what_is_no_lock_file_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "sparklineage.lock"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_lock(path)
    assert str(caught.value).startswith(f"{path}: {sentence}")
    assert "\n" not in str(caught.value)


def test_a_lock_file_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"`sparklineage jar fetch --lock .*` writes it"):
        read_lock(tmp_path / "none")
    with pytest.raises(ConfigError, match=r"cannot be written \(No such file or directory\)"):
        write_lock(tmp_path / "none" / "x.lock", [AGENT])
    assert json.loads("[]") == list(tmp_path.iterdir())
