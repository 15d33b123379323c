"""Places that a program of theirs writes to: `hdfs dfs` and `gcloud storage`, both played by small scripts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sparklineage.agent.stores import Payload, Stored, StoreOptions, open_store, payload
from sparklineage.agent.upload import carry_out, plan
from sparklineage.errors import (
    CredentialsError,
    ForbiddenError,
    NoSuchPlaceError,
    OccupiedError,
    StoreError,
    TransferError,
    UsageError,
)

_COMMON = """#!{python}
import base64, hashlib, json, os, shutil, sys
from pathlib import Path
root = Path({root!r})
trouble = root / "trouble"
if trouble.exists():
    sys.exit(print(trouble.read_text(), file=sys.stderr) or 1)
def local(address):
    return root / address.partition("://")[2]
"""
_HDFS = """
words = sys.argv[2:]
assert sys.argv[1] == "dfs"
path = local(words[-1])
if words[0] == "-stat" and "*" in words[-1]:
    print(*(f"{one.stat().st_size} {one.name}" for one in sorted(path.parent.glob(path.name))), sep=chr(10))
elif words[0] == "-stat":
    if not path.exists():
        sys.exit(print(f"stat: `{words[-1]}': No such file or directory", file=sys.stderr) or 1)
    print(path.stat().st_size)
elif words[0] == "-cat":
    sys.stdout.buffer.write(path.read_bytes())
elif words[0] == "-mkdir":
    path.mkdir(parents=True, exist_ok=True)
elif words[0] == "-test":
    sys.exit(0 if path.is_dir() else 1)
elif words[0] == "-put":
    shutil.copy(words[2], path)
    if (root / "broken").exists():
        path.write_bytes(b"x")
"""
_GCLOUD = """
words = sys.argv[2:]
assert sys.argv[1] == "storage" and os.environ["CLOUDSDK_CORE_DISABLE_PROMPTS"] == "1"
if words[:2] == ["objects", "describe"]:
    path = local(words[2])
    if not path.exists():
        sys.exit(print(f"ERROR: (gcloud.storage.objects.describe) {words[2]} not found: 404.", file=sys.stderr) or 1)
    digest = base64.b64encode(hashlib.md5(path.read_bytes()).digest()).decode()
    print(json.dumps({"size": path.stat().st_size, "md5_hash": digest}))
elif words[:2] == ["objects", "list"]:
    path = local(words[2])
    found = sorted(path.parent.glob(path.name))
    print(json.dumps([{"name": f"lineage/{one.name}", "size": str(one.stat().st_size)} for one in found]))
elif words[0] == "cp":
    path = local(words[2])
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(words[1], path)
"""
PLACES = ["hdfs://name:8020/lineage", "gs://lake/lineage/"]


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """What both of them write to; the scripts are in `bin`."""
    root = tmp_path / "there"
    root.mkdir()
    (tmp_path / "bin").mkdir()
    for name, text in (("hdfs", _HDFS), ("gcloud", _GCLOUD)):
        script = tmp_path / "bin" / name
        script.write_text(_COMMON.format(python=sys.executable, root=str(root)) + text)
        script.chmod(0o755)
    return root


@pytest.fixture
def jar(tmp_path: Path) -> Payload:
    path = tmp_path / "agent.jar"
    path.write_bytes(b"the agent" * 1000)
    return payload(path)


def upload(there: Path, jar: Payload, target: str, *, replace: bool = False) -> list[str]:
    store = open_store(target, StoreOptions(), {"PATH": str(there.parent / "bin")})
    steps = plan(store, [jar], replace=replace)
    told: list[tuple[int, int | None]] = []
    carry_out(store, steps, lambda _: lambda done, whole: told.append((done, whole)))
    assert told == ([] if steps[0].action == "keep" else [(jar.size, jar.size)])
    return [step.action for step in steps]


@pytest.mark.parametrize("target", PLACES)
def test_a_place_is_filled_and_left_alone(there: Path, jar: Payload, target: str) -> None:
    assert upload(there, jar, target) == ["upload"]
    assert upload(there, jar, target) == ["keep"]
    (found,) = there.rglob("agent.jar")
    found.write_bytes(b"the other" * 1000)
    with pytest.raises(OccupiedError, match=f"{target.rstrip('/')}/agent.jar: a file with other content is there"):
        upload(there, jar, target)
    assert upload(there, jar, target, replace=True) == ["replace"]
    found.write_bytes(b"short")
    assert upload(there, jar, target, replace=True) == ["replace"]
    stored = open_store(target, StoreOptions(), {"PATH": str(there.parent / "bin")}).stored()
    assert list(stored) == [Stored(name="agent.jar", size=jar.size, sha512=None)]


@pytest.mark.parametrize(
    ("target", "words", "error", "sentence"),
    [
        (PLACES[0], "put: Permission denied: user=me", ForbiddenError, "Permission denied: user=me; have its rights"),
        (PLACES[0], "ls: GSSException: No valid credentials", CredentialsError, "log in with kinit first"),
        (PLACES[0], "Connection refused", StoreError, "cannot be read or written: Connection refused"),
        (PLACES[1], "ERROR: (gcloud.storage.cp) 403 no", ForbiddenError, "403 no"),
        (PLACES[1], "ERROR: (gcloud.auth) run\n  $ gcloud auth login", CredentialsError, "run `gcloud auth login`"),
        (PLACES[1], "ERROR: (gcloud.storage.objects.list) 404: no bucket", NoSuchPlaceError, "make the bucket"),
    ],
)
def test_what_they_complain_of_is_one_sentence(
    there: Path, target: str, words: str, error: type[StoreError], sentence: str
) -> None:
    (there / "trouble").write_text(words)
    with pytest.raises(error) as caught:
        open_store(target, StoreOptions(), {"PATH": str(there.parent / "bin")}).stored()
    assert sentence in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_what_arrives_broken_is_told(there: Path, jar: Payload) -> None:
    (there / "broken").touch()
    with pytest.raises(TransferError, match="arrived with other content"):
        upload(there, jar, PLACES[0])


@pytest.mark.parametrize(("target", "name"), [(PLACES[0], "hdfs"), (PLACES[1], "gcloud")])
def test_without_the_program_there_is_another_way(tmp_path: Path, target: str, name: str) -> None:
    with pytest.raises(UsageError, match=f"`{name}` is not on PATH, .*; install .*, or gather them with `sparklineage"):
        open_store(target, StoreOptions(), {"PATH": str(tmp_path)})
    with pytest.raises(UsageError, match=r"names no bucket"):
        open_store("gs://", StoreOptions(), {"PATH": str(tmp_path)})
