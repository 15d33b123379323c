"""The hook for pre-commit, which gives every changed file of some kinds by name."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from sparklineage.cli import main
from sparklineage.config.documents import parse_yaml, plain

ROOT = Path(__file__).parents[3]
UNRELATED = {
    "package.json": '{"name": "web", "scripts": {"build": "tsc"}}',
    "tsconfig.json": '{\n  // comments are no JSON\n  "compilerOptions": {},\n}',
    "data.json": "[1, 2, 3]",
    "broken.json": "{",
    "empty.json": "",
    "image.json": "\0\1\2",
    "huge.json": '{"x": "' + "y" * 5_000_001 + '"}',
    "docker-compose.yml": "services:\n  web:\n    image: nginx\n    environment:\n      URL: http://h\n",
    ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n",
    "chart/templates/service.yaml": "kind: Service\nspec:\n  {{- toYaml .Values.x | nindent 2 }}\n",
    "deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n---\nkind: ConfigMap\n",
    "tabs.yaml": "a:\n\tb: 1\n",
    "dbt_project.yml": "name: shop\nmodels:\n  +materialized: view\n",
    "nginx.conf": "server {}\n",
    "requirements.txt": "requests==2\n",
    "setup.py": "from setuptools import setup\nsetup()\n",
    "old.py": 'print "two"\n',
    "build.sh": "#!/bin/bash\nset -e\nmake all\n",
    "log4j2.properties": "rootLogger.level = info\n",
    "sparklineage.yml": "namespace: dev\ntransport:\n  type: http\n  url: http://h\n",
}
MISTAKE = "spark.openlineage.url http://h\n"


@pytest.fixture
def hook() -> dict[str, str]:
    """The hook as pre-commit reads it."""
    (text,) = parse_yaml((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    found = plain(text)
    assert isinstance(found, list)
    (hook,) = found
    return dict(hook)


def run(hook: dict[str, str], folder: Path, files: dict[str, str], *args: str) -> int:
    """Write files, and call the hook with the names of those that it wants."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    program, *words = shlex.split(hook["entry"])
    assert program == "sparklineage"
    return main([*words, *args, *(name for name in files if re.search(hook["files"], name))], {})


def test_unrelated_files_are_passed_over(
    hook: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them are given, and there is no word about any."""
    monkeypatch.chdir(tmp_path)
    assert all(re.search(hook["files"], name) for name in UNRELATED)
    assert run(hook, tmp_path, UNRELATED) == 0
    assert run(hook, tmp_path, UNRELATED, "--fix") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert not [line for line in out.splitlines() if not line.startswith("Nothing ")]


def test_a_mistake_among_them_is_all_that_is_told(
    hook: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the commit is stopped."""
    monkeypatch.chdir(tmp_path)
    assert run(hook, tmp_path, {**UNRELATED, "conf/spark-defaults.conf": MISTAKE}) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert re.findall(r": (SL\d+) ", out) == ["SL001"]


def test_without_the_option_a_given_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody who names a file wants to know that nothing in it was checked."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "image.json").write_bytes(b"\0")
    assert main(["lint", "package.json"], {}) == 0
    assert "SL000" in capsys.readouterr().out
    assert main(["lint", "image.json"], {}) == 2
    assert "image.json: is no text: it holds a zero byte" in capsys.readouterr().err
    assert main(["lint", "--known-only", "missing.json"], {}) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [
        "job.py",
        "run.sh",
        "conf/spark-defaults.conf",
        "spark-defaults-prod.conf.j2",
        "a.properties",
        "prod.conf",
        "b.yaml",
        "c.json",
        "requirements.txt",
        "jobs/dev-requirements.txt",
        "requirements-3.11.in",
    ],
)
def test_files_with_configuration_are_wanted(hook: dict[str, str], name: str) -> None:
    assert re.search(hook["files"], name)
