"""What `conf databricks` writes means the same as the kit that its notes lead to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sparklineage.assemble.order import order_for
from sparklineage.config.loading import load_spec
from sparklineage.errors import ConfigError
from sparklineage.targets import Existing, databricks
from tests.unit.kits.databricks_orders import KEY, URL, VARIABLE, made

if TYPE_CHECKING:
    from pathlib import Path

    from sparklineage.targets import Order, Rendered

DIRECT = {"delivery": {"mode": "direct"}}
OUTBOX = {"delivery": {"mode": "outbox"}}
NEW = {"release": "19.x-scala2.13", "accessMode": "USER_ISOLATION"}


def _order(folder: Path, section: dict[str, str] | None = None, **settings: Any) -> Order:
    own = {"release": "16.4.x-scala2.12", "artifacts": "/Volumes/main/ops/lineage", **(section or {})}
    document = {"namespace": "prod", "transport": KEY, **settings, "platforms": {"databricks": own}}
    path = folder / "sparklineage.yml"
    path.write_text(yaml.safe_dump(document))
    spec = load_spec(environ={}, flags={}, directory=folder, config=path, platform="databricks")
    return order_for(spec, "databricks", install=None, home=folder, allow_literal_secrets=True)


def _merged(order: Order, theirs: object) -> tuple[Any, Rendered]:
    rendered = databricks.render(order, Existing(name="cluster.json", text=json.dumps(theirs)))
    return json.loads(rendered.artefacts[0].text), rendered


@pytest.mark.parametrize(
    ("section", "settings"),
    [
        ({}, {}),
        ({}, OUTBOX),
        ({"release": "17.3", "accessMode": "USER_ISOLATION"}, {}),
        ({"artifacts": "/Workspace/Shared/lineage"}, {"transport": {"type": "http", "url": URL}}),
    ],
)
def test_a_cluster_is_the_one_of_the_kit(tmp_path: Path, section: dict[str, str], settings: dict[str, Any]) -> None:
    """The script brings the listeners; whoever reads both files reads the same."""
    by_kit = made(tmp_path, section=section, **settings)
    texts = {file.name: file.text for file in by_kit.files}
    found = {one.name: one.text for one in databricks.render(_order(tmp_path, section, **settings)).artefacts}
    assert json.loads(found["cluster.json"]) == json.loads(texts["cluster.json"] or "")
    assert json.loads(found["policy.json"]) == json.loads(texts["policy.json"] or "")


def test_a_cluster_of_the_users_gets_the_variables_and_keeps_its_own(tmp_path: Path) -> None:
    order = _order(tmp_path)
    merged, _ = _merged(order, {"spark_version": "16.4.x-scala2.12", "spark_env_vars": {"A": "1"}})
    assert merged["spark_env_vars"] == {"A": "1", VARIABLE: "{{secrets/lineage/key}}"}
    assert "spark_conf" not in merged
    assert _merged(order, merged)[0] == merged
    other, rendered = _merged(order, {"spark_env_vars": {VARIABLE: "x"}})
    assert other["spark_env_vars"] == {VARIABLE: "x"}
    assert any(f"spark_env_vars.{VARIABLE} stays as it is" in note for note in rendered.notes)


def test_listeners_of_the_users_replace_those_of_the_script_and_so_have_ours(tmp_path: Path) -> None:
    merged, rendered = _merged(_order(tmp_path), {"spark_conf": {"spark.extraListeners": "com.example.Theirs"}})
    listeners = merged["spark_conf"].pop("spark.extraListeners").split(",")
    assert {
        "com.example.Theirs",
        "io.sparklineage.Witness",
        "io.openlineage.spark.agent.OpenLineageSparkListener",
    } <= set(listeners)
    assert merged["spark_conf"] == {}
    assert any("ends the driver where their classes are missing" in note for note in rendered.notes)


def test_a_transport_of_a_cluster_is_told_to_switch_the_outbox_off(tmp_path: Path) -> None:
    """As one has it that was made for the direct way."""
    _, rendered = _merged(_order(tmp_path), {"spark_conf": {"spark.openlineage.transport.type": "http"}})
    assert any(note.startswith("The outbox is off where spark.openlineage.transport.type") for note in rendered.notes)


@pytest.mark.parametrize(
    ("section", "settings", "why"),
    [
        ({}, DIRECT, "asked for by "),
        ({}, {"transport": {"type": "console"}}, "the relay does not deliver to console"),
        ({}, {"transport": {**KEY, "auth": {"type": "api_key", "apiKey": "hunter2"}}}, "is a secret in plain text"),
        (NEW, {}, "no variable of a cluster reaches its init scripts"),
    ],
)
def test_where_no_relay_delivers_the_agent_sends(
    tmp_path: Path, section: dict[str, str], settings: dict[str, Any], why: str
) -> None:
    order = _order(tmp_path, section, **settings)
    assert order.mode == "direct"
    assert why in order.why_mode
    assert "hunter2" not in order.why_mode
    found = {one.name: one.text for one in databricks.render(order).artefacts}
    assert "spark.openlineage.transport.type" in json.loads(found["cluster.json"])["spark_conf"]


def test_a_kit_for_a_cluster_without_variables_is_direct_too(tmp_path: Path) -> None:
    kit = made(tmp_path, section=NEW, jar="openlineage-spark_2.13-1.53.0.jar")
    assert "relay.pyz" not in {file.name for file in kit.files}


def test_a_relay_that_is_asked_for_and_would_have_no_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"the relay would have no key; write delivery\.mode: direct"):
        databricks.render(_order(tmp_path, NEW, **OUTBOX))
    theirs = {"spark_version": "19.x-scala2.13", "data_security_mode": "USER_ISOLATION"}
    order = _order(tmp_path, {"release": "19.x-scala2.13"})
    with pytest.raises(ConfigError, match=r"^cluster\.json: in the standard access mode of runtime 19"):
        _merged(order, theirs)
