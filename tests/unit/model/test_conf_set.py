"""Conf sets: layers, the user's own configuration, and the forms in which they leave."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparklineage.config.conf_values import typed
from sparklineage.config.properties import parse
from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry, Lost
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue, Text
from sparklineage.model.masking import MASK
from sparklineage.model.secret import Secret

CANARY = "canary-77aa12"
A = "spark.openlineage."
SCALARS = (f"{A}namespace", f"{A}appName", "spark.app.name", f"{A}transport.url", f"{A}transport.endpoint")
TEXTS = {
    **dict.fromkeys(SCALARS, st.sampled_from(["x", "y", "z w"])),
    f"{A}transport.type": st.sampled_from(["http", "kafka", "", " "]),
    f"{A}transport.auth.apiKey": st.sampled_from(["env:KEY", "literal"]),
    f"{A}parentRunId": st.sampled_from(["1", "2"]),
    f"{A}parentJobName": st.sampled_from(["p", "q"]),
    "spark.extraListeners": st.lists(st.sampled_from("WABC"), max_size=4).map(",".join),
    "spark.jars": st.lists(st.sampled_from("abc"), max_size=3).map(" , ".join),
    f"{A}filter.deniedSparkNodes": st.lists(st.sampled_from("abc"), max_size=3).map(lambda x: f"[{';'.join(x)}]"),
    f"{A}dataset.disabledTrimmers": st.sampled_from(["a;b", "b", "[a;b]"]),
    f"{A}job.tags": st.sampled_from(["team:a", "team:b;env:x", "env:x:me", "x"]),
    "spark.redaction.regex": st.sampled_from(["pin", "token|key", "(?i)a|b", r"\Qa|b"]),
    "spark.other": st.sampled_from(["1", ""]),
}  # fmt: skip
properties = st.dictionaries(st.sampled_from(sorted(TEXTS)), st.just(""), max_size=10).flatmap(
    lambda found: st.fixed_dictionaries({key: TEXTS[key] for key in found})
)


def ours_of(found: dict[str, str]) -> ConfSet:
    """As a toolkit's own set: the witness must stand first, and closed patterns alone are ours."""
    found = {key: "token" if key == "spark.redaction.regex" else text for key, text in found.items()}
    found = {key: "a;b" if key.endswith("Trimmers") else text for key, text in found.items()}
    made = ConfSet.of(found, source="sparklineage.yml:1:1", typed=typed)
    return ConfSet(
        tuple(
            replace(entry, value=CommaList(entry.value.entries, first=("W",)), why="ours")
            if isinstance(entry.value, CommaList)
            else entry
            for entry in made.entries
        )
    )


@given(properties, properties, st.booleans())
def test_merging_keeps_what_is_the_users_and_loses_nothing(
    found: dict[str, str], user: dict[str, str], with_types: bool
) -> None:
    ours = ours_of(found)
    before = (ours.entries, dict(user))
    choose = typed if with_types else None
    once = ours.merged_with(user, typed=choose)
    assert once.merged_with(user, typed=choose) == once, "merging twice is merging once"
    assert (ours.entries, user) == before

    block = bool(user.get(f"{A}transport.type", "").strip())
    parent = any(key.startswith(f"{A}parent") for key in user)
    for key, text in user.items():
        value = once[key]
        if not value.joins:
            kept = value.written if text.startswith("env:") else value.reveal()
            assert kept == text or (not text.strip() and key.startswith(A) and key in found)
        elif (key.startswith(f"{A}transport.") and block) or (key.startswith(f"{A}parent") and parent):
            assert value.written == text
    for entry in ours.entries:
        where = once.entry(entry.key)
        gone = [lost.value for one in once.entries for lost in one.lost if lost.source == entry.source]
        if where is None:
            assert any(value.startswith(f"{entry.key}=") for value in gone)
        elif where.value != entry.value and not where.value.joins:
            assert entry.shown in gone
    for key in ("spark.extraListeners", "spark.jars"):
        wanted = {x.strip() for x in f"{found.get(key, '')},{user.get(key, '')}".split(",")} - {""}
        if key in once:
            assert {x.strip() for x in once[key].written.split(",")} - {""} == wanted
    if "W" in found.get("spark.extraListeners", "").split(","):
        assert once["spark.extraListeners"].written.startswith("W")
    order = [*found, *(key for key in user if key not in found)]
    assert [key for key in order if key in once] == list(once)


@given(properties, properties)
def test_a_layer_wins_and_remembers(found: dict[str, str], weaker: dict[str, str]) -> None:
    strong = ConfSet(tuple(replace(entry, source="--flag") for entry in ours_of(found).entries))
    weak = ConfSet.of(weaker, source="default")
    both = strong.over(weak)
    assert {key: both[key] for key in found} == dict(strong)
    assert list(both) == [*weaker, *(key for key in found if key not in weaker)]
    for key in set(found) & set(weaker):
        entry = both.entry(key)
        assert entry is not None
        assert entry.source == "--flag"
        assert [lost.source for lost in entry.lost] == ([] if strong[key] == weak[key] else ["default"])


def test_what_lost_and_what_was_joined_is_told() -> None:
    ours = ConfSet.of(
        {f"{A}namespace": "prod", "spark.jars": "/agent.jar", f"{A}job.tags": "team:a;env:x"},
        source="sparklineage.yml:3:1",
        typed=typed,
    )
    merged = ours.merged_with(
        {f"{A}namespace": "mine", "spark.jars": "/x.jar", f"{A}job.tags": "team:b"}, source="--conf"
    )
    namespace, jars, tags = merged.entries
    assert (namespace.shown, namespace.source) == ("mine", "--conf")
    assert namespace.lost == (Lost("prod", "sparklineage.yml:3:1", "--conf stays"),)
    assert (jars.shown, jars.joined) == ("/x.jar,/agent.jar", ("--conf", "sparklineage.yml:3:1"))
    assert tags.shown == "team:b;env:x"
    assert [lost.value for lost in tags.lost] == ["team:a"]


def test_a_firm_entry_wins_over_the_users() -> None:
    flag = ConfSet((ConfEntry(key=f"{A}namespace", value=Text("mine"), source="--namespace", firm=True),))
    (entry,) = flag.merged_with({f"{A}namespace": "theirs"}).entries
    assert (entry.shown, entry.lost) == ("mine", (Lost("theirs", "your configuration", "--namespace wins"),))


def test_a_transport_of_the_users_takes_all_of_ours_away() -> None:
    ours = ConfSet.of(
        {f"{A}transport.type": "http", f"{A}transport.url": "http://ours", f"{A}transport.auth.apiKey": CANARY},
        source="sparklineage.yml:2:3",
        typed=typed,
    )
    merged = ours.merged_with({f"{A}transport.type": "kafka", f"{A}transport.topicName": "t"})
    assert merged.as_dict(reveal=True) == {f"{A}transport.type": "kafka", f"{A}transport.topicName": "t"}
    entry = merged.entry(f"{A}transport.type")
    assert entry is not None
    assert [lost.value for lost in entry.lost] == [
        f"{A}transport.url=http://ours", f"{A}transport.auth.apiKey={MASK}", "http",
    ]  # fmt: skip
    beside = ours.merged_with({f"{A}transport.headers.X-Team": "a"})
    assert beside[f"{A}transport.url"].written == "http://ours"


def test_a_list_of_theirs_that_cannot_be_read_stays() -> None:
    ours = ConfSet.of({f"{A}filter.deniedSparkNodes": "[a;b]"}, source="default", typed=typed)
    for choose in (None, typed):
        (entry,) = ours.merged_with({f"{A}filter.deniedSparkNodes": "a,b"}, typed=choose).entries
        assert entry.value.written == "a,b"
        assert entry.lost[0].reason == (
            "your configuration stays, and cannot be joined: the agent reads a list in brackets alone; write [a;b]."
        )


def test_a_secret_leaves_by_one_way_alone() -> None:
    conf = ConfSet.of(
        {f"{A}transport.type": "http", f"{A}transport.auth.type": "api_key", f"{A}transport.auth.apiKey": CANARY,
         "spark.jars": "/a.jar"},
        source="sparklineage.yml:2:3", typed=typed,
    )  # fmt: skip
    assert conf.as_dict() == {f"{A}transport.type": "http", "spark.jars": "/a.jar"}
    assert conf.as_args() == ["--conf", f"{A}transport.type=http", "--jars", "/a.jar"]
    assert conf.as_dict(reveal=True)[f"{A}transport.auth.apiKey"] == CANARY
    assert conf.environment()["OPENLINEAGE__TRANSPORT__AUTH__API_KEY"] == CANARY
    assert (f"{A}transport.auth.apiKey", MASK, "sparklineage.yml:2:3") in conf.masked()
    shown = f"{conf!r} {conf.masked()} {conf.as_args()} {conf.as_properties()}"
    assert CANARY not in shown


def test_references_are_fetched_once_for_all() -> None:
    conf = ConfSet.of({f"{A}transport.auth.apiKey": "env:KEY", "spark.x": "env:KEY"}, source="f:1:1", typed=typed)
    asked: list[tuple[str, str]] = []

    def fetch(reference: object, source: str) -> Secret:
        asked.append((getattr(reference, "written", ""), source))
        return Secret(CANARY)

    found = conf.resolved(fetch)
    assert asked == [("env:KEY", "f:1:1")]
    assert found.as_dict(reveal=True) == {f"{A}transport.auth.apiKey": CANARY, "spark.x": "env:KEY"}
    with pytest.raises(ConfigError, match="env:KEY has not been fetched"):
        conf.as_dict(reveal=True)


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=5))
def test_a_properties_file_is_read_as_it_was_written(found: dict[str, str]) -> None:
    text = ConfSet.of(found, source="x").as_properties()
    assert text.isascii()
    assert parse(text) == found


def test_what_no_command_line_can_carry() -> None:
    for found in ({"spark.a=b": "c"}, {"spark.a": "b\0"}):
        with pytest.raises(ConfigError, match="cannot stand on a command line"):
            ConfSet.of(found, source="x").as_args()


def test_it_is_a_mapping_that_nobody_can_change() -> None:
    conf = ConfSet.of({"a": "1", "b": "2"}, source="x")
    assert (list(conf), len(conf), conf["a"], conf.get("c"), "b" in conf) == (["a", "b"], 2, Text("1"), None, True)
    assert list(conf.without("a")) == ["b"]
    assert conf == ConfSet.of({"a": "1", "b": "2"}, source="x")
    assert conf != ConfSet.of({"a": "1", "b": "2"}, source="y")
    assert hash(conf) == hash(ConfSet(conf.entries))
    with pytest.raises(AttributeError):
        conf.entries = ()  # type: ignore[misc]
    with pytest.raises(ValueError, match="twice"):
        ConfSet((*conf.entries, conf.entries[0]))
    entry = ConfEntry(key="k", value=SecretValue(Secret(CANARY)), source="x")
    assert CANARY not in repr(ConfSet((entry,)))
