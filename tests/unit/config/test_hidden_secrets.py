"""A secret that stands in a configuration shows nowhere, and a file that others can read is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sparklineage.cli import main
from sparklineage.config.settings import settings_of
from sparklineage.errors import ConfigError
from sparklineage.model.secret import Secret
from tests.support.config import spec_of

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-41f0aa93"
FILE = f"""\
transport:
  type: http
  url: "https://bob:{CANARY}@h/p?sig={CANARY}"
  auth: {{type: api_key, apiKey: {CANARY}}}
  headers: {{Authorization: {CANARY}, X-Api-Key: {CANARY}, X-Team: data}}
  urlParams: {{code: {CANARY}, token: {CANARY}}}
  sslContext: {{storePassword: {CANARY}, keyPassword: {CANARY}}}
agent: {{repository: "https://bob:{CANARY}@nexus/maven"}}
profiles:
  other:
    transport:
      type: kafka
      topicName: t
      properties: {{sasl.jaas.config: "x password='{CANARY}';", ssl.keystore.password: {CANARY}, bootstrap.servers: h}}
  inside:
    transport:
      type: composite
      transports:
        a: {{type: http, url: "http://bob:{CANARY}@h", auth: {{api_key: {CANARY}}}}}
  raw:
    spark: {{spark.hadoop.fs.s3a.secret.key: {CANARY}, spark.my.password: {CANARY}, spark.x: "https://bob:{CANARY}@h"}}
  again:
    transport: {{url: "https://bob:{CANARY}@i", auth: {{apiKey: {CANARY}}}, headers: {{X-Api-Key: {CANARY}}}}}
"""
PROFILES = (None, "other", "inside", "raw", "again")
ENVIRON = {
    "OPENLINEAGE_URL": f"https://bob:{CANARY}@env",
    "OPENLINEAGE_API_KEY": CANARY,
    "OPENLINEAGE__TRANSPORT__AUTH__API_KEY": CANARY,
    "OPENLINEAGE__TRANSPORT": json.dumps({"headers": {"X-Key": CANARY}, "urlParams": {"token": CANARY}}),
    "OPENLINEAGE__TRANSPORT__HEADERS__COOKIE": CANARY,
    "SPARKLINEAGE__AGENT__REPOSITORY": f"https://bob:{CANARY}@nexus",
}
EVERYWHERE = [(profile, environ) for profile in PROFILES for environ in ({}, ENVIRON)]


@pytest.mark.parametrize(("profile", "environ"), EVERYWHERE, ids=str)
def test_no_secret_shows_in_a_configuration(tmp_path: Path, profile: str | None, environ: dict[str, str]) -> None:
    flags = {"--backend": f"http://bob:{CANARY}@flag"} if environ else {}
    spec = spec_of(tmp_path, FILE, profile=profile, environ=environ, flags=flags)
    shown = [repr(spec), *spec.warnings]
    for name, item in spec.resolved.items():
        shown += [item.shown, repr(item), str(item), item.source, item.layer, *item.joined]
        shown += [part for lost in item.lost for part in (lost.shown, lost.why, lost.source, repr(lost))]
        if name != "agent.repository":
            # Its text is what the agent is fetched from.
            shown.append(spec.text(name) or "")
        if isinstance(item.value, Secret):
            shown += [repr(item.value), str(item.value), repr(spec[name])]
    assert not [text for text in shown if CANARY in text]
    # The secret is there nevertheless.
    assert any(CANARY in (item.value.reveal() if isinstance(item.value, Secret) else str(item.value))
               for item in spec.resolved.values())  # fmt: skip


@pytest.mark.parametrize("environ", [{}, ENVIRON], ids=["file", "environment"])
def test_no_secret_shows_in_the_settings(tmp_path: Path, environ: dict[str, str]) -> None:
    text = FILE.replace(f"  sslContext: {{storePassword: {CANARY}, keyPassword: {CANARY}}}\n", "")
    settings = settings_of(spec_of(tmp_path, text, environ=environ))
    assert CANARY not in repr(settings) + str(settings)
    backend = settings.backend.value
    assert backend is not None
    assert backend.api_key == Secret(CANARY)
    assert CANARY in backend.url
    assert CANARY not in repr(backend) + backend.shown


WRONG = [
    "transport: {{type: http, url: 'ftp://bob:{0}@h'}}",
    "transport: {{type: http, url: 'bob:{0}@h'}}",
    "transport: {{type: http, url: 'http://bob:{0}@h:port'}}",
    "transport: {{type: http, url: 'http://h', auth: {{apiKey: [{0}]}}}}",
    "transport: {{type: http, url: 'http://h', auth: {{apiKey: {{a: {0}}}}}}}",
    "transport: {{type: http, url: 'http://h', auth: {{apiKey: \"{0}\\0\"}}}}",
    "transport: {{type: http, url: 'http://h', auth: {{apiKey: 'env:{0} x'}}}}",
    "transport: {{type: http, url: 'http://h', auth: {{apiKey: 'evn:{0}'}}}}",
    "transport: {{type: http, url: 'http://h', auth: {0}}}",
    "transport: {{type: http, url: 'http://h', headers: {0}}}",
    "transport: {{type: http, url: 'http://h', headers: {{X-Key: [{0}]}}}}",
    "transport: {{type: http, url: 'http://h', headers: {{'X Y': {0}}}}}",
    "transport: {{type: kafka, url: 'http://bob:{0}@h', auth: {{apiKey: {0}}}}}",
    "transport: {{url: 'http://bob:{0}@h', typ: {0}}}",
    "apiKey: {0}",
    "transport: {{apiKey: {0}}}",
    "agent: {{version: 1.20.0}}\ntransport: {{type: http, url: 'http://b:{0}@h', sslContext: {{storePassword: {0}}}}}",
    "spark: {{spark.jars: [[{0}]], spark.openlineage.apiKey: {0}}}",
    "transport: {{type: kafka, topicName: t, properties: {{sasl.jaas.config: [{0}]}}}}",
    "namespace: 'a'\ntransport: {{type: http, url: 'http://h', url: 'http://bob:{0}@h'}}",
    "transport: {{type: http, auth: {{apiKey: {0}}}}}",
    "password: {0}",
]


@pytest.mark.parametrize("text", WRONG)
def test_no_secret_shows_in_what_is_said_of_a_wrong_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sparklineage.yml"
    with pytest.raises(ConfigError) as caught:
        settings_of(spec_of(tmp_path, text.format(CANARY)))
    assert str(path) in str(caught.value)
    assert CANARY not in str(caught.value) + repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or CANARY not in repr(caught.value.__context__)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OPENLINEAGE_URL", f"ftp://bob:{CANARY}@h"),
        ("OPENLINEAGE__TRANSPORT", f'{{"type": "http", "apiKey": "{CANARY}"'),
        ("OPENLINEAGE__TRANSPORT", json.dumps({"type": "http", "url": f"bob:{CANARY}@h"})),
        ("OPENLINEAGE__TRANSPORT", json.dumps({"type": "http", "url": "http://h", "auth": {"apiKey": [CANARY]}})),
        ("OPENLINEAGE__TRANSPORT", json.dumps({"type": "http", "url": "http://h", "auth": CANARY})),
        ("OPENLINEAGE__TRANSPORT__AUTH__API_KEY", f"env:{CANARY} x"),
        ("OPENLINEAGE_API_KEY", f"{CANARY}\n{CANARY}"),
        ("OPENLINEAGE__TRANSPORT__AUTH", CANARY),
        ("OPENLINEAGE__API_KEY", CANARY),
        ("SPARKLINEAGE_API_KEY", CANARY),
        ("SPARKLINEAGE_PASSWORD", CANARY),
    ],
)
def test_no_secret_shows_in_what_is_said_of_a_wrong_variable(tmp_path: Path, variable: str, value: str) -> None:
    text = "transport: {type: http, url: 'http://h'}"
    try:
        spec = spec_of(tmp_path, text, environ={variable: value})
        said = "".join(spec.warnings)
        settings_of(spec)
    except ConfigError as error:
        said = str(error)
    assert variable in said
    assert CANARY not in said


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    "command",
    [["explain"], ["explain", "--format", "json"], ["explain", "transport.auth.apiKey"], ["conf", "show"],
     ["conf", "show", "--format", "json"], ["conf", "show", "--format", "args"]],
    ids=" ".join,
)  # fmt: skip
def test_no_secret_shows_in_what_commands_print(
    tmp_path: Path, profile: str | None, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sparklineage.yml"
    path.write_text(FILE)
    chosen = ["--profile", profile] if profile is not None else []
    main([*command, "--config", str(path), *chosen], {"HOME": str(tmp_path), "PATH": "", **ENVIRON})
    out, err = capsys.readouterr()
    assert out + err
    assert CANARY not in out + err


# Files that others can read.

LITERALS = [
    ("transport: {{type: http, url: 'http://h', auth: {{apiKey: {0}}}}}", "transport.auth.apiKey stands"),
    ("transport: {{type: http, url: 'http://h', auth: {{api_key: {0}}}}}", "transport.auth.apiKey stands"),
    ("transport: {{type: http, url: 'http://h', headers: {{Cookie: {0}}}}}", "transport.headers.Cookie stands"),
    ("transport: {{type: http, url: 'http://h', urlParams: {{token: {0}}}}}", "transport.urlParams.token stands"),
    ("transport: {{type: http, url: 'http://bob:{0}@h'}}", "the password in transport.url stands"),
    ("agent: {{repository: 'https://bob:{0}@nexus'}}", "the password in agent.repository stands"),
    ("transport: {{type: kafka, topicName: t, properties: {{bootstrap.servers: h, sasl.jaas.config: {0}}}}}",
     "transport.properties.sasl.jaas.config stands"),
    ("transport: {{type: composite, transports: {{a: {{type: http, url: 'http://b:{0}@h'}}}}}}",
     "the password in transport.transports.a.url stands"),
    ("transport: {{type: http, url: 'http://b:{0}@h', auth: {{apiKey: {0}}}}}",
     "the password in transport.url, transport.auth.apiKey stand"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), LITERALS)
@pytest.mark.parametrize("name", ["sparklineage.yml", "openlineage.yml"])
@pytest.mark.parametrize(
    ("mode", "others"),
    [(0o644, "everybody on this machine"), (0o640, "its group"), (0o604, "everybody on this machine")],
)
def test_a_literal_secret_that_others_can_read_is_a_warning(
    tmp_path: Path, text: str, told: str, name: str, mode: int, others: str
) -> None:
    path = tmp_path / name
    path.touch()
    path.chmod(mode)
    (warning,) = spec_of(tmp_path, text.format(CANARY), name=name).warnings
    assert warning.startswith(f"{path}: {told} there in plain text, and {others} can read it (mode {mode:04o}); ")
    assert warning.endswith(f"or run `chmod 600 {path}`.")
    assert CANARY not in warning


@pytest.mark.parametrize(("text", "_told"), LITERALS)
def test_a_file_that_nobody_else_can_read_is_none(tmp_path: Path, text: str, _told: str) -> None:
    path = tmp_path / "sparklineage.yml"
    path.touch()
    path.chmod(0o600)
    assert spec_of(tmp_path, text.format(CANARY)).warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        "transport: {type: http, url: 'http://h', auth: {apiKey: 'env:KEY'}, headers: {Cookie: 'file:/cookie'}}",
        "transport: {type: http, url: 'http://bob@h', headers: {X-Team: data}}",
        "transport: {type: http, url: 'http://h/a:b@c'}",
        "transport: {type: http, url: 'http://h', sslContext: {storePassword: ''}}",
    ],
)
def test_a_file_without_a_literal_secret_may_be_read_by_all(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sparklineage.yml"
    path.touch()
    path.chmod(0o644)
    assert spec_of(tmp_path, text).warnings == ()


def test_a_secret_of_a_variable_is_no_matter_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "sparklineage.yml"
    path.touch()
    path.chmod(0o644)
    text = f"transport: {{type: http, url: 'http://h', auth: {{apiKey: {CANARY}}}}}"
    assert spec_of(tmp_path, text, environ={"OPENLINEAGE_API_KEY": "other"}).warnings == ()
