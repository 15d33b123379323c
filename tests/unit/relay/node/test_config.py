"""relay.json: what it means, and one sentence for everything that is wrong in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sparklineage.errors import ConfigError
from sparklineage.model.secret import SecretReference
from sparklineage.relay.deliver import Waits
from sparklineage.relay.node.config import Log, read_config
from sparklineage.relay.node.main import main
from sparklineage.relay.retire import Keep

CANARY = "canary-5d10-config"
LEAST: dict[str, Any] = {"format": 1, "platform": "emr", "spool": "/s", "backend": {"url": "https://h:1/x"}}


def written(path: Path, found: object) -> Path:
    file = path / "relay.json"
    file.write_text(found if isinstance(found, str) else json.dumps(found))
    return file


def test_everything_has_its_place(tmp_path: Path) -> None:
    found = read_config(
        written(
            tmp_path,
            {
                **LEAST,
                "state": "/st",
                "log": {"file": "/l/relay.log", "size": 5000, "files": 2},
                "backend": {
                    "url": "https://h:1/x", "endpoint": "api/v2", "apiKey": "aws-ssm:/ol/key",
                    "headers": {"X-Team": "data", "X-Key": {"secret": "file:/k"}},
                    "params": {"a": "b", "code": {"secret": "env:CODE"}},
                    "compression": "gzip", "timeout": 3, "marquez": True, "proxy": "http://p:3128", "caFile": "/ca.pem",
                },
                "region": "eu-west-1",
                "retry": {"first": 1, "longest": 60},
                "keep": {"size": 10, "age": 20.5, "hard": 30},
                "governance": {"pii": True, "classification": "internal"},
                "namespace": "prod",
                "info": "/mnt/var/lib/info",
                "cluster": {"clusterId": "c-1"},
            },
        )
    )  # fmt: skip
    backend = found.backend
    assert (backend.target, backend.api_key) == ("https://h:1/x/api/v2?a=b", None)
    assert (backend.headers, backend.compression, backend.timeout) == ({"X-Team": "data"}, "gzip", 3.0)
    assert (backend.marquez, backend.proxy, backend.ca_file) == (True, "http://p:3128", "/ca.pem")
    deferred = [(item.place, item.name, item.reference.written) for item in backend.deferred]
    assert deferred == [
        ("key", "", "aws-ssm:/ol/key"),
        ("header", "X-Key", "file:/k"),
        ("parameter", "code", "env:CODE"),
    ]
    assert backend.deferred[1].source == f"{tmp_path}/relay.json: backend.headers.X-Key.secret"
    assert backend.deferred[0].reference == SecretReference(kind="aws-ssm", name="/ol/key")
    assert (found.spool, found.state, found.info) == (Path("/s"), Path("/st"), Path("/mnt/var/lib/info"))
    assert found.log == Log(file=Path("/l/relay.log"), size=5000, files=2)
    assert found.waits == Waits(first=1.0, longest=60.0)
    assert found.keep == Keep(size=10, age=20.5, hard=30)
    assert found.governance == {"pii": True, "classification": "internal"}
    assert (found.platform, found.region, found.namespace, found.cluster) == (
        "emr", "eu-west-1", "prod", {"clusterId": "c-1"},
    )  # fmt: skip


def test_little_is_enough(tmp_path: Path) -> None:
    nothing = dict.fromkeys(("state", "log", "region", "retry", "keep", "governance", "namespace", "info"))
    empty = dict.fromkeys(("apiKey", "headers", "params", "compression", "timeout", "proxy", "caFile"))
    least = read_config(written(tmp_path, LEAST))
    assert read_config(written(tmp_path, {**LEAST, **nothing, "backend": {**LEAST["backend"], **empty}})) == least
    assert (least.state, least.log, least.waits, least.keep) == (None, None, Waits(), Keep())
    assert (least.backend.timeout, least.backend.deferred) == (10.0, ())


def backend(**keys: Any) -> dict[str, Any]:
    return {**LEAST, "backend": {**LEAST["backend"], **keys}}


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ("{", ":1:2: is not JSON: Expecting property name enclosed in double quotes."),
        ("[" * 100_000, " is nested too deeply; it is no relay.json."),
        ("\ufeff[]", " is a list; write an object."),
        ({**LEAST, "format": 2}, " has the format 2, and this relay reads 1; install both from one kit."),
        ({}, " has no format, and this relay reads 1; install both from one kit."),
        ({**LEAST, "platform": "erm"}, (": platform is `erm`; write one of emr, databricks, dataproc, machine, "
                                       "kubernetes. Did you mean emr?")),
        ({**LEAST, "platform": None}, ": platform is missing; write a text."),
        ({**LEAST, "spool": "s"}, ": spool is `s`; write an absolute path."),
        ({**LEAST, "spool": 7}, ": spool is 7; write a text that is not blank."),
        *(
            ({**LEAST, **keys}, (f": {name} holds a line end or another control character; write an absolute path "
                                 "without any."))
            for name, keys in (
                ("spool", {"spool": "/s\0"}), ("spool", {"spool": "/s\x9b"}), ("spool", {"spool": "/s\ud800"}),
                ("state", {"state": "/s\n/t"}), ("info", {"info": "/\x7f"}), ("log.file", {"log": {"file": "/l\0"}}),
                ("backend.caFile", {"backend": {"url": "http://h", "caFile": "/c\0.pem"}}),
            )
        ),
        ({**LEAST, "spol": "/s"}, ": spol is no key that the relay knows. Did you mean spool?"),
        ({**LEAST, "backend": "http://h"}, ": backend is `http://h`; write an object."),
        ({**LEAST, "backend": {}}, ": backend.url is missing; write a text."),
        (backend(apikey="env:A"), ": backend.apikey is no key that the relay knows. Did you mean apiKey?"),
        (backend(url="h:5000"), ": backend.url is no address of the form http or https://host:port; correct it."),
        (backend(url="http://[h"), ": backend.url is no URL; write https://host:port."),
        (backend(url=f"http://u:{CANARY}@h"), (": backend.url holds a login and everybody on the node may read this "
                                              "file; leave it out and use apiKey or headers.")),
        (backend(proxy="https://p"), ": backend.proxy is no address of the form http://host:port; correct it."),
        (backend(proxy=f"http://u:{CANARY}@p:1"), (": backend.proxy holds a login and everybody on the node may read "
                                                  "this file; leave it out and use HTTPS_PROXY of the service's "
                                                  "environment.")),
        (backend(apiKey=CANARY), (": backend.apiKey is no reference to a secret, and none may stand here itself; write "
                                 "aws-ssm:/name, aws-secretsmanager:NAME-OR-ARN[#json-key], env:NAME, file:/path.")),
        (backend(apiKey=f"env:{CANARY}"), (": backend.apiKey begins with `env:` but is no reference to a secret; write "
                                          "env:NAME.")),
        (backend(apiKey="databricks:a/b"), (": backend.apiKey refers to a secret of Databricks, which no relay can ask "
                                           "for; put it into a variable of the cluster, "
                                           "NAME={{secrets/scope/key}}, and write env:NAME.")),
        (backend(headers={"X-Api-Key": CANARY}), (': backend.headers.X-Api-Key is secret by its name and everybody on '
                                                 'the node may read this file; write {"secret": REFERENCE}, such as '
                                                 "env:NAME.")),
        (backend(headers={"X Y": "a"}), ": backend.headers holds a name that no header can have; correct it."),
        (backend(headers={"X": "a\nb"}), (": backend.headers.X holds a line end or another control character, which no "
                                         "header can carry.")),
        (backend(headers={"X": {"secrets": "env:A"}}), (": backend.headers.X.secrets is no key that the relay knows. "
                                                       "Did you mean secret?")),
        (backend(compression="zstd"), ": backend.compression is `zstd`; write one of gzip."),
        (backend(timeout=0), ": backend.timeout is 0; write a number of seconds above 0."),
        (backend(timeout=True), ": backend.timeout is true; write a number of seconds above 0."),
        (backend(marquez="yes"), ": backend.marquez is `yes`; write true or false."),
        ({**LEAST, "log": {}}, ": log.file is missing; write an absolute path."),
        ({**LEAST, "log": {"file": "/l", "files": 0}}, ": log.files is 0; write a whole number from 1 on."),
        ({**LEAST, "keep": {"size": 1.5}}, ": keep.size is 1.5; write a whole number from 0 on."),
        ({**LEAST, "governance": {"pii": "no"}}, ": governance.pii is `no`; write true or false."),
        ({**LEAST, "cluster": {"attempt": "1"}}, ": cluster.attempt is no key that the relay knows."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], found: object, says: str
) -> None:
    file = written(tmp_path, found)
    assert main(["status", "--config", str(file)], {}) == 64
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"relay.pyz: {file}{says}\n")
    assert CANARY not in err


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    absent = tmp_path / "relay.json"
    with pytest.raises(ConfigError, match=r"relay\.json cannot be read: No such file or directory; name the file"):
        read_config(absent)
    absent.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"relay\.json is not UTF-8 text"):
        read_config(absent)
    absent.write_bytes(b" " * (1 << 21))
    with pytest.raises(ConfigError, match=r"relay\.json is larger than 1 MiB"):
        read_config(absent)


@pytest.mark.parametrize(("words", "status"), [([], 2), (["watch"], 2), (["look", "--config", "x"], 2)])
def test_wrong_options(words: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words, {})
    assert caught.value.code == status
    assert "Traceback" not in capsys.readouterr().err


def test_a_time_of_nothing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, LEAST)
    assert main(["drain", "--config", str(file), "--timeout", "0"], {}) == 2
    assert capsys.readouterr().err == "relay.pyz: --timeout is 0; write seconds, such as 10.\n"
