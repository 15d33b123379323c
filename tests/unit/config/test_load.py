"""Settings: which layer wins, where a value came from, and one sentence for everything that is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sparklineage.config import Settings, is_switched_off, load_settings
from sparklineage.errors import ConfigError

CANARY = "canary-41f0aa93"
ROOT = Path(__file__).parents[3]


def load(
    directory: Path, text: str | None = None, *, name: str = "sparklineage.yml", config: Path | None = None,
    flags: dict[str, str | None] | None = None, **environ: str,
) -> Settings:  # fmt: skip
    if text is not None:
        (directory / name).write_text(text)
    return load_settings(
        environ={"HOME": str(directory), **environ}, flags=flags or {}, directory=directory, config=config
    )


FILE = """\
namespace: file.ns
job: nightly
transport:
  type: http
  url: http://file:5000
  endpoint: lineage
  auth: {type: api_key, apiKey: "env:KEY"}
  timeoutInMillis: 2500
  headers: {X-Team: data}
agent: {version: 1.53.0, repository: "file:///repo"}
delivery: {drainTimeout: 3, journal: /j}
"""


def test_defaults_keep_everything_in_the_journal(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert (found.namespace.value, found.backend.value, found.drain_timeout.value) == ("default", None, 10.0)
    assert found.journal.value == tmp_path / ".local/state/sparklineage/journal"
    assert found.journal.source == "default"


def test_a_file_is_read_and_every_value_knows_it(tmp_path: Path) -> None:
    found = load(tmp_path, FILE, KEY=CANARY)
    backend = found.backend.value
    assert backend is not None
    assert (backend.target, backend.timeout, dict(backend.headers)) == (
        "http://file:5000/lineage",
        2.5,
        {"X-Team": "data"},
    )
    assert backend.api_key is not None
    assert backend.api_key.reveal() == CANARY
    assert CANARY not in repr(found)
    assert found.namespace.source == f"{tmp_path / 'sparklineage.yml'}:1:1"
    assert (found.job.value, found.agent_version.value, found.repository.value) == ("nightly", "1.53.0", "file:///repo")
    assert (found.drain_timeout.value, found.journal.value) == (3.0, Path("/j"))


def test_the_environment_wins_over_the_file_and_flags_over_both(tmp_path: Path) -> None:
    environ = {
        "OPENLINEAGE_URL": "http://env:1", "OPENLINEAGE_NAMESPACE": "env.ns", "KEY": "x" * 8, "JOB_NAME": "env.job",
        "SPARKLINEAGE_JOURNAL": "/env", "SPARKLINEAGE_DRAIN_TIMEOUT": "0",
    }  # fmt: skip
    flags: dict[str, str | None] = {"--namespace": "flag.ns", "--drain-timeout": "7"}
    found = load(tmp_path, FILE, flags=flags, **environ)  # type: ignore[arg-type]
    assert found.backend.value is not None
    assert found.backend.value.target == "http://env:1/lineage"
    assert (found.namespace.value, found.namespace.source) == ("flag.ns", "--namespace")
    assert (found.job.value, found.job.source) == ("env.job", "JOB_NAME")
    assert (found.journal.value, found.journal.source) == (Path("/env"), "SPARKLINEAGE_JOURNAL")
    assert (found.drain_timeout.value, found.drain_timeout.source) == (7.0, "--drain-timeout")


def test_openlineage_url_wins_over_marquez_url_and_marquez_is_known_as_such(tmp_path: Path) -> None:
    found = load(tmp_path, MARQUEZ_URL="http://m:5000").backend.value
    assert found is not None
    assert (found.url, found.marquez) == ("http://m:5000", True)
    found = load(tmp_path, MARQUEZ_URL="http://m:5000", OPENLINEAGE_URL="http://o").backend.value
    assert found is not None
    assert (found.url, found.marquez) == ("http://o", False)


def test_a_plain_openlineage_yml_is_accepted_as_it_is(tmp_path: Path) -> None:
    text = (
        "transport: {type: http, url: 'http://o:1', auth: {type: api_key, api_key: abc}, verify: no}\nfacets: {a: 1}\n"
    )
    path = tmp_path / "openlineage.yml"
    path.write_text(text)
    found = load(tmp_path, OPENLINEAGE_CONFIG=str(path)).backend.value
    assert found is not None
    assert found.api_key is not None
    assert (found.url, found.api_key.reveal()) == ("http://o:1", "abc")


def test_a_key_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{CANARY}\n")
    text = f"transport: {{type: http, url: 'http://o', auth: {{apiKey: 'file:{tmp_path / 'key'}'}}}}"
    backend = load(tmp_path, text).backend.value
    assert backend is not None
    assert backend.api_key is not None
    assert backend.api_key.reveal() == CANARY


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("namspace: x", "namspace is no known key. Did you mean namespace?"),
        ("transport: {uri: x}\nagent: 3", "transport.uri is no known key. Did you mean transport.url?"),
        ("transport: {uri: x}\nagent: 3", "agent is a number, but keys below it are needed, such as agent.version."),
        ("namespace: [a]", "namespace is a list, but a text is needed."),
        ("delivery: {drainTimeout: true}",
         "delivery.drainTimeout is true or false, but a duration such as 500ms, 5s or 2m is needed."),
        ("- a", ":1:1: the file holds a list; write keys such as `namespace: dev.team.domain`"),
        ("transport: {url: http://x, auth: {apiKey: 'env:NOT_SET'}}",
         "transport.auth.apiKey refers to the environment variable NOT_SET, which is not set."),
        ("transport: {type: kafka}", ":1:13: transport of type kafka has no `topicName`"),
        ("transport: {endpoint: x}", ":1:13: transport has no `type`; write one, such as http with the `url`"),
        ("delivery: {drainTimeout: -1}", "delivery.drainTimeout is the number -1, but a duration such as 500ms"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "sparklineage.yml"))
    assert message in str(caught.value)


def test_yaml_that_cannot_be_parsed_is_told_with_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sparklineage\.yml:2:5: this is no YAML"):
        load(tmp_path, "a: 1\nb: c: d\n")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yml: cannot be read: No such file or directory\."):
        load(tmp_path, config=tmp_path / "nowhere.yml")


@pytest.mark.parametrize(
    "url", ["marquez:5000", "ftp://h", "http://", "http://h:port", "http://h/a b", "https://[::1", "localhost"]
)
def test_a_wrong_url_names_the_variable_that_holds_it(tmp_path: Path, url: str) -> None:
    with pytest.raises(
        ConfigError, match=r"^OPENLINEAGE_URL is .*, but an http or https URL such as https://HOST:PORT is needed\.$"
    ):
        load(tmp_path, OPENLINEAGE_URL=url)


def test_a_password_in_a_wrong_url_does_not_show(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, OPENLINEAGE_URL=f"ftp://bob:{CANARY}@h")
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("value", ["x", "nan", "inf", "-3"])
def test_a_wrong_drain_timeout_names_its_variable(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError, match=r"^SPARKLINEAGE_DRAIN_TIMEOUT is "):
        load(tmp_path, SPARKLINEAGE_DRAIN_TIMEOUT=value)


@pytest.mark.parametrize(("value", "off"), [("true", True), ("True", True), ("false", False), ("0", False)])
def test_lineage_can_be_switched_off(tmp_path: Path, value: str, off: bool) -> None:
    assert load(tmp_path, OPENLINEAGE_DISABLED=value).disabled.value is off


def test_a_switch_that_says_neither_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"OPENLINEAGE_DISABLED is 'maybe', but true or false is needed"):
        load(tmp_path, OPENLINEAGE_DISABLED="maybe")


HEADERS = """\
transport:
  url: http://h
  auth: {apiKey: "%s"}
  headers: {X-Tenant-Key: "%s"}
"""


@pytest.mark.parametrize("value", [f"{CANARY}\n", f"  {CANARY}\r\n", f"{CANARY}\t"])
def test_keys_and_headers_lose_the_line_end_of_their_secret(tmp_path: Path, value: str) -> None:
    (tmp_path / "key").write_text(value)
    found = load(tmp_path, HEADERS % (f"file:{tmp_path}/key", "env:HK"), HK=value).backend.value
    plain = load(tmp_path, HEADERS % ("x", "y"), OPENLINEAGE_API_KEY=value).backend.value
    assert found is not None
    assert plain is not None
    assert found.api_key is not None
    assert plain.api_key is not None
    assert found.api_key.reveal() == plain.api_key.reveal() == found.headers["X-Tenant-Key"] == CANARY


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (f"{CANARY}\nX-Other: 1", "holds a line end or another control character"),
        (f"{CANARY}\x7f.", "holds a line end or another control character"),
        (f"{CANARY}\u20ac", "holds a character beyond Latin-1"),
        (" \n", "is blank"),
    ],
)
def test_what_cannot_be_a_header_is_told_without_the_value(tmp_path: Path, value: str, problem: str) -> None:
    with pytest.raises(ConfigError) as header:
        load(tmp_path, HEADERS % ("key", "env:HK"), HK=value)
    assert f"transport.headers.X-Tenant-Key {problem}" in str(header.value)
    with pytest.raises(ConfigError) as key:
        load(tmp_path, HEADERS % ("key", "value"), OPENLINEAGE_API_KEY=value)
    assert str(key.value).startswith(f"OPENLINEAGE_API_KEY {problem}")
    assert "canary" not in str(header.value) + str(key.value)


def test_a_name_that_no_header_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'X Team' is no name of a header"):
        load(tmp_path, "transport: {url: 'http://h', headers: {X Team: data}}")


def test_lineage_can_be_switched_off_whatever_else_is_wrong() -> None:
    broken = {"OPENLINEAGE_URL": "no url", "SPARKLINEAGE_CONFIG": "/nowhere.yml"}
    assert is_switched_off({**broken, "OPENLINEAGE_DISABLED": "True"})
    assert not is_switched_off({**broken, "OPENLINEAGE_DISABLED": "false"})
    assert not is_switched_off(broken)
    with pytest.raises(ConfigError, match="OPENLINEAGE_DISABLED is 'perhaps'; write true or false"):
        is_switched_off({"OPENLINEAGE_DISABLED": "perhaps"})


def test_reading_a_file_imports_nothing_that_takes_long() -> None:
    """The clients of secrets, the network, and what only other commands need."""
    code = """
import sys
from pathlib import Path
import yaml
from sparklineage.config.loading import load_spec
load_spec(environ={}, flags={}, directory=Path(), config=Path("conf/sparklineage.yml"))
print(*sorted({"logging", "socket", "ssl", "tempfile", "subprocess", "hashlib", "fractions", "asyncio", "boto3",
               "importlib.resources", "sparklineage.config.json_schema", "sparklineage.journal"} & {*sys.modules}))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
