"""Rules where a golden case would have to be long, or where a format says less than a sheet can hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sparklineage.lint.finding import Place
from sparklineage.lint.rules import RULES, Target
from sparklineage.lint.rules.destinations import destinations
from sparklineage.lint.settings import UNKNOWN, Origin, Platform, Setting, Sheet

LISTENER = "io.openlineage.spark.agent.OpenLineageSparkListener"
AGENT = {"spark.jars": "/opt/openlineage-spark_2.12-1.53.0.jar", "spark.extraListeners": LISTENER}
P = "spark.openlineage."
T = f"{P}transport."


def _settings(values: dict[str, str], origin: Origin = "properties") -> tuple[Setting, ...]:
    return tuple(
        Setting(key=key, value=value, text=value, place=Place("f", line), origin=origin)
        for line, (key, value) in enumerate(values.items(), start=1)
    )


def _sheet(
    values: dict[str, str],
    *,
    origin: Origin = "properties",
    platform: Platform | None = None,
    release: str | None = None,
    environment: dict[str, str] | None = None,
    scripts: tuple[str, ...] = (),
    arguments: int | None = None,
    partial: bool = False,
) -> Sheet:
    return Sheet(
        place=Place("f"),
        settings=_settings(values, origin),
        environment=_settings(environment or {}, "environment"),
        platform=platform,
        release=release,
        scripts=_settings({f"script.{number}": path for number, path in enumerate(scripts)}),
        arguments=arguments,
        partial=partial,
    )


def _lines(code: str, sheet: Sheet, agent: str | None = None) -> list[int]:
    """The lines that a rule finds something in."""
    return [finding.place.line for finding in RULES[code].findings(sheet, Target(agent=agent))]


def _found(code: str, sheet: Sheet) -> str:
    return " ".join(finding.found for finding in RULES[code].findings(sheet, Target()))


def test_transports_are_found_wherever_they_stand() -> None:
    """Each with its own settings, the outer before the inner."""
    sheet = _sheet(
        {
            f"{T}type": "composite",
            f"{T}transports.a.type": "Transform",
            f"{T}transports.a.transport.type": "http",
            f"{T}transports.a.transport.properties.transport.type": "x",
            f"{T}transports.transport.url": "http://h",
            f"{T}transports.b.type": f"ka{UNKNOWN}",
            f"{T}transports.c.type": " ",
        }
    )
    found = {transport.stem: transport for transport in destinations(sheet)}
    told = {stem.removeprefix(T): (one.type, one.holds, len(one.settings)) for stem, one in found.items()}
    assert told == {
        "": ("composite", True, 1),
        "transports.a.": ("transform", True, 1),
        "transports.a.transport.": ("http", False, 2),
        "transports.transport.": ("", False, 1),
        "transports.b.": ("", False, 1),
    }
    assert next(iter(found)) == T


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"type": "kafka", "topicName": "t"}, "transport.properties.<producer key>"),
        ({"type": "KAFKA", "topicName": "t", "properties.bootstrap.servers": "h:1"}, None),
        ({"type": "composite"}, "transport.transports.<name>.<key>"),
        ({"type": "composite", "transports.a.type": "http"}, "transport.transports.a.url"),
        ({"type": "composite", "transports.a.type": "console"}, None),
        ({"type": "transform", "transformerClass": "a.B"}, "transport.transport.<key>"),
        ({"type": "gcs", "bucketName": "b"}, "transport.projectId"),
        ({"type": "gcplineage"}, None),
        ({"type": f"h{UNKNOWN}"}, None),
    ],
)
def test_each_transport_has_what_it_needs(given: dict[str, str], missing: str | None) -> None:
    """Also those inside another."""
    found = _found("SL018", _sheet({T + name: value for name, value in given.items()}))
    assert (f"without {missing}." in found) if missing else found == ""


def test_a_type_in_a_variable_does_not_help_sparks_configuration() -> None:
    """It is read on its own first, as the agent shows when it runs."""
    sheet = _sheet({f"{T}url": "http://h"}, environment={"OPENLINEAGE__TRANSPORT__TYPE": "http"})
    assert _lines("SL010", sheet) == [1]


def test_keys_inside_a_composite_transport_belong_to_its_type() -> None:
    """What only another type has is unknown there; a name is known to all."""
    sheet = _sheet(
        {
            f"{T}type": "composite",
            f"{T}transports.a.type": "http",
            f"{T}transports.a.name": "marquez",
            f"{T}transports.a.topicName": "t",
            f"{T}transports.b.topicName": "t",
        }
    )
    assert _lines("SL016", sheet) == [4]
    assert _lines("SL010", sheet) == [5]
    assert _lines("SL021", sheet) == []


@pytest.mark.parametrize(
    ("platform", "release", "theirs"),
    [
        ("emr", "emr-6.15.0", "2.12"),
        ("emr-serverless", "emr-7.13.0", "2.12"),
        ("emr-containers", "emr-7.1.0-latest", "2.12"),
        ("emr", "emr-spark-8.0.0", "2.13"),
        ("glue", "5.1", "2.12"),
        ("glue", "auto", None),
        ("databricks", "16.4.x-scala2.13", "2.13"),
        ("databricks", "17.3.x-photon", "2.13"),
        ("databricks", "16.4.x", None),
        ("databricks", "15.4.x", "2.12"),
        ("glue", "6.0", "2.13"),
        ("dataproc", "2.2-debian12", "2.12"),
        ("dataproc", "9.9", "2.13"),
        (None, None, None),
    ],
)
def test_the_release_tells_its_scala(platform: Platform | None, release: str | None, theirs: str | None) -> None:
    """An agent for the other Scala is found, and one for the same is not."""
    for scala in ("2.12", "2.13"):
        jars = {"spark.jars": f"/opt/openlineage-spark_{scala}-1.53.0.jar"}
        found = _lines("SL050", _sheet(jars, platform=platform, release=release))
        assert found == ([1] if theirs and scala != theirs else [])


@pytest.mark.parametrize(
    ("platform", "release", "has"),
    [
        ("emr", "emr-7.10.0", False),
        ("emr", "emr-7.11.0", True),
        ("emr", "emr-7.99.0", True),
        ("emr-containers", "emr-7.11.0-latest", False),
        ("emr-containers", "emr-7.12.0-latest", True),
        ("emr-serverless", "emr-7.13.0", False),
        ("emr", "emr-spark-8.0.0", False),
        ("glue", "4.0", False),
        ("glue", "5.0", True),
        ("dataproc", "2.1.21-debian11", False),
        ("dataproc", "2.1.22-debian11", True),
        ("dataproc", "2.2-debian12", True),
        ("dataproc", "1.5", False),
        ("databricks", "17.3.x-scala2.13", False),
    ],
)
def test_platforms_bring_agents(platform: Platform, release: str, has: bool) -> None:
    """A second one beside it is found; the listener alone is right then, and where nothing brings one it is not."""
    assert _lines("SL082", _sheet(AGENT, platform=platform, release=release)) == ([1] if has else [])
    alone = _sheet({"spark.extraListeners": LISTENER}, platform=platform, release=release)
    assert _lines("SL043", alone) == ([] if has else [1])


@pytest.mark.parametrize(("release", "other"), [("emr-7.5.0", [1]), ("emr-7.4.0", [])])
def test_emr_serverless_loads_its_agent_where_a_job_names_it(release: str, other: list[int]) -> None:
    """As its user guide says; on its own that is right."""
    jar = "/usr/share/aws/datazone-openlineage-spark/lib/DataZoneOpenLineageSpark-1.0.jar"
    both = {"spark.jars": f"{jar},s3://b/openlineage-spark_2.12-1.53.0.jar", "spark.extraListeners": LISTENER}
    assert _lines("SL082", _sheet(both, platform="emr-serverless", release=release)) == other
    alone = _sheet({"spark.jars": jar, "spark.extraListeners": LISTENER}, platform="emr-serverless", release=release)
    assert _lines("SL043", alone) == _lines("SL082", alone) == []


@pytest.mark.parametrize(
    ("platform", "arguments", "refused"),
    [
        ("emr", 10_240, False),
        ("emr", 10_241, True),
        ("emr-serverless", 102_400, False),
        ("emr-containers", 102_401, True),
        ("glue", 999_999, False),
        (None, 999_999, False),
    ],
)
def test_arguments_have_a_limit(platform: Platform | None, arguments: int, refused: bool) -> None:
    assert bool(_lines("SL083", _sheet({}, platform=platform, arguments=arguments))) is refused


def test_emr_takes_sixteen_bootstrap_actions() -> None:
    sixteen = tuple(f"s3://b/{number}.sh" for number in range(16))
    assert _lines("SL083", _sheet({}, platform="emr", scripts=sixteen)) == []
    assert _lines("SL083", _sheet({}, platform="emr", scripts=(*sixteen, "s3://b/one-more.sh"))) == [17]
    assert _lines("SL083", _sheet({}, platform="databricks", scripts=(*sixteen, "/Volumes/more.sh"))) == []


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ({"spark.a": "x" * 1024}, []),
        ({"spark.a": "x" * 1025}, [1]),
        ({"spark." + "a" * 1019: "x"}, [1]),
        ({f"spark.a{number}": "x" for number in range(100)}, []),
        ({f"spark.a{number}": "x" for number in range(102)}, [101]),
        ({"spark.a": "one\x07two"}, [1]),
        ({"spark.a": f"one{UNKNOWN}\ttwo"}, []),
        ({"spark.a": ""}, [1]),
    ],
)
def test_properties_of_emr_serverless_have_limits(values: dict[str, str], lines: list[int]) -> None:
    """Of their number, their length and their characters; EMR on EC2 has but the last."""
    assert _lines("SL083", _sheet(values, platform="emr-serverless")) == lines
    expected = lines if any("\x07" in value for value in values.values()) else []
    assert _lines("SL083", _sheet(values, platform="emr")) == expected


@pytest.mark.parametrize(
    "value",
    [
        "{{secrets/scope/key}}",
        "${MARQUEZ_KEY}",
        "${{ secrets.MARQUEZ_KEY }}",
        "Bearer ${MARQUEZ_KEY}",
        "{{resolve:secretsmanager:marquez:SecretString:key}}",
        "EMR.secret@arn:aws:secretsmanager:eu-west-1:123456789012:secret:marquez",
        "aws-secretsmanager:marquez",
        "databricks:scope/key",
        "env:MARQUEZ_KEY",
        "<your key>",
        f"{UNKNOWN}",
    ],
)
def test_references_are_no_literal_secrets(value: str) -> None:
    """Whoever resolves them, and wherever they stand."""
    assert _lines("SL060", _sheet({f"{T}auth.apiKey": value})) == []
    assert _lines("SL060", _sheet({}, environment={"OPENLINEAGE__TRANSPORT__AUTH__API_KEY": value})) == []


@pytest.mark.parametrize(
    ("platform", "fix"),
    [("databricks", "{{secrets/SCOPE/KEY}}"), ("kubernetes", "secretKeyRef"), ("glue", "all three")],
)
def test_a_literal_secret_has_a_place_on_each_platform(platform: Platform, fix: str) -> None:
    """Of the settings and of the variables."""
    for sheet in (
        _sheet({f"{T}auth.apiKey": "k3yk3yk3y"}, platform=platform),
        _sheet({}, environment={"OPENLINEAGE__TRANSPORT__AUTH__API_KEY": "k3yk3yk3y"}, platform=platform),
    ):
        (found,) = RULES["SL060"].findings(sheet, Target())
        assert fix in found.fix
        assert "k3yk3yk3y" not in repr(found)


def test_a_secret_inside_json_is_a_secret() -> None:
    """A variable may hold the whole transport."""
    held = '{"type": "http", "auth": {"type": "api_key", "apiKey": "%s"}}'
    assert _lines("SL060", _sheet({}, environment={"OPENLINEAGE__TRANSPORT": held % "k3yk3yk3y"})) == [1]
    assert _lines("SL060", _sheet({}, environment={"OPENLINEAGE__TRANSPORT": held % "${KEY}"})) == []
    assert _lines("SL060", _sheet({}, environment={"OPENLINEAGE__TRANSPORT": '{"type": "console"}'})) == []


@pytest.mark.parametrize(
    ("environment", "codes"),
    [
        ({"OPENLINEAGE__TRANSPORT": '{"type": "http", "auth": {"type": "api_key", "apiKey": "x"}}'}, []),
        ({"OPENLINEAGE__TRANSPORT__TYPE": "http"}, []),
        ({"OPENLINEAGE__TRANSPORT__URL": "http://h"}, [1]),
        ({"OPENLINEAGE__TRANSPORT__TYPE": "http", "OPENLINEAGE__TRANSPORT__AUTH__API_KEY": "x"}, [2]),
        ({"OPENLINEAGE__NAMESPACE": "x"}, []),
    ],
)
def test_variables_need_types(environment: dict[str, str], codes: list[int]) -> None:
    """Or the agent ignores them all."""
    assert _lines("SL073", _sheet({}, environment=environment)) == codes
    assert _lines("SL073", _sheet({}, environment=environment, partial=True)) == []


def test_a_variable_takes_the_time_limits_away() -> None:
    """Also one that only names a file."""
    limits = {f"{P}timeout.buildDatasetsTimePercentage": "60", f"{P}debug.smart": "true"}
    assert _lines("SL074", _sheet(limits)) == []
    assert _lines("SL074", _sheet(limits, environment={"OPENLINEAGE_CONFIG": "/etc/o.yml"})) == [1, 2]
    assert _lines("SL074", _sheet(limits, environment={"OPENLINEAGE__NAMESPACE": "x"})) == [1, 2]
    assert _lines("SL074", _sheet(limits, environment={"OPENLINEAGE_DISABLED": "false"})) == []
    assert _lines("SL074", _sheet(limits, origin="yaml")) == [1, 2]


def test_a_lineage_jar_may_come_from_elsewhere() -> None:
    """Nothing is missing where the sheet does not say what all the JARs are."""
    s3 = {f"{T}type": "s3", f"{T}bucketName": "b"}
    assert _lines("SL023", _sheet({**AGENT, **s3})) == [3]
    assert _lines("SL023", _sheet(s3)) == []
    assert _lines("SL023", _sheet({**AGENT, **s3}, partial=True)) == []
    assert _lines("SL023", _sheet({**AGENT, **s3, "spark.jars": f"{AGENT['spark.jars']},/opt/{UNKNOWN}"})) == []
    kafka = {f"{T}type": "kafka", f"{T}topicName": "t", f"{T}properties.a": "b"}
    assert _lines("SL023", _sheet({**AGENT, **kafka})) == [3]
    assert _lines("SL023", _sheet({**AGENT, **kafka}, platform="databricks")) == []


def test_old_agents_do_not_read_variables() -> None:
    sheet = _sheet({}, environment={"OPENLINEAGE__TRANSPORT__TYPE": "http", "OPENLINEAGE_DISABLED": "true"})
    assert _lines("SL052", sheet, "1.22.0") == [1]
    assert _lines("SL052", sheet, "1.23.0") == []


def test_a_key_inside_another_transport_has_its_version() -> None:
    sheet = _sheet(
        {f"{T}type": "composite", f"{T}transports.a.type": "http", f"{T}transports.a.sslContext.keyPassword": "x"}
    )
    assert _lines("SL052", sheet, "1.27.0") == [3]
    assert _lines("SL052", sheet, "1.28.0") == []
    assert _lines("SL053", sheet, "1.22.0") == [1]


@pytest.mark.parametrize(
    ("package", "found"),
    [
        ("openlineage-spark", True),
        ("OpenLineage_Spark==1.53.0", True),
        ("openlineage.spark>=1", True),
        ("openlineage-spark-extension", False),
        ("openlineage-python", False),
        ("sparklineage", False),
    ],
)
def test_the_agent_is_no_python_package(package: str, found: bool) -> None:
    """However it is spelt."""
    assert _lines("SL075", _sheet({"pip": package})) == ([1] if found else [])


BESIDE = "events go where Spark's configuration says, or else to the log."


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("SL010", {f"{T}url": "http://h"}),
        ("SL016", {f"{T}type": "composite", f"{T}transports.a.type": "http", f"{T}transports.a.urll": "x"}),
        ("SL017", {f"{T}type": "datahub"}),
        ("SL020", {f"{T}type": "http", f"{T}auth.type": "apiKey"}),
        ("SL022", {f"{T}type": "http", f"{T}auth.apiKey": "x"}),
        ("SL032", {f"{P}timeout": "5000"}),
        ("SL034", {f"{T}timeoutInMillis": "5s"}),
        ("SL035", {f"{P}circuitBreaker.type": "timeouts"}),
        ("SL039", {f"{P}circuitBreaker.timeoutInSeconds": "60"}),
    ],
)
def test_of_an_unreadable_file_only_the_file_is_lost(code: str, values: dict[str, str]) -> None:
    """Spark's configuration is lost as a whole."""
    for origin, told in (("yaml", BESIDE), ("properties", "the job runs, and no event is sent.")):
        found = RULES[code].findings(_sheet(values, origin=origin), Target())  # type: ignore[arg-type]
        assert {finding.reality.endswith(told) for finding in found} == {True}


@pytest.mark.parametrize(
    ("key", "value", "severity"),
    [
        (f"{T}compression", "GZIP", None),
        (f"{T}compression", "zstd", "error"),
        (f"{T}transports.a.compression", "gzip", None),
        (f"{T}transports.a.compression", "GZIP", "error"),
        (f"{T}transport.compression", "Gzip", "error"),
        (f"{P}circuitBreaker.type", "TIMEOUT", None),
        (f"{P}circuitBreaker.type", "noop", "error"),
        (f"{P}debug.smartMode", "all", "warning"),
        (f"{P}metrics.type", "prometheus", "info"),
        (f"{P}metrics.type", "simple", None),
    ],
)
def test_a_choice_matters_more_or_less(key: str, value: str, severity: str | None) -> None:
    """As the agent shows when it runs."""
    told = [finding.severity for finding in RULES["SL035"].findings(_sheet({key: value}), Target())]
    assert told == ([severity] if severity else [])


def test_values_inside_another_transport_are_looked_at() -> None:
    """As those of the one at the top."""
    assert _lines("SL034", _sheet({f"{T}transports.a.timeoutInMillis": "5s"})) == [1]
    assert _lines("SL034", _sheet({f"{T}transports.a.timeoutInMillis": "5000"})) == []
    assert _lines("SL031", _sheet({f"{T}transports.a.url": "[http://h]"})) == [1]


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        (f"{T}auth.apiKey", "env:MARQUEZ_KEY", True),
        (f"{T}auth.apiKey", "file:/run/secrets/marquez", True),
        (f"{T}headers.X-Api-Key", "databricks:lineage/marquez", True),
        (f"{T}transports.a.auth.apiKey", "aws-secretsmanager:marquez#key", True),
        (f"{T}auth.apiKey", "{{secrets/lineage/marquez}}", False),
        (f"{T}auth.apiKey", "EMR.secret@arn:aws:secretsmanager:eu-west-1:123456789012:secret:m", False),
        (f"{T}auth.apiKey", "k3yk3yk3y", False),
        (f"{T}auth.apiKey", f"env:{UNKNOWN}", False),
        (f"{T}location", "file:/var/log/events.ndjson", False),
        ("spark.eventLog.dir", "file:/tmp/spark-events", False),
    ],
)
def test_only_our_own_command_resolves_references(key: str, value: str, found: bool) -> None:
    """A path with a scheme is none."""
    sheet = _sheet({key: value})
    assert _lines("SL065", sheet) == ([1] if found else [])
    assert _lines("SL065", replace(sheet, own=True)) == []
    variable = {"OPENLINEAGE__TRANSPORT__AUTH__API_KEY": "env:MARQUEZ_KEY"}
    assert _lines("SL065", _sheet({}, environment=variable)) == [1]
    (told,) = RULES["SL065"].findings(_sheet({f"{T}auth.apiKey": "env:K"}, origin="yaml"), Target())
    assert told.severity == "warning"


def test_an_init_script_may_set_the_listener() -> None:
    """So a JAR without one is less of a surprise."""
    jar = {"spark.jars": AGENT["spark.jars"]}
    for scripts, severity in (((), "warning"), (("/Volumes/init.sh",), "info")):
        (found,) = RULES["SL044"].findings(_sheet(jar, scripts=scripts), Target())
        assert found.severity == severity


def test_a_file_does_not_switch_lineage_off() -> None:
    """Nor is it read there, whatever its value is."""
    (found,) = RULES["SL076"].findings(_sheet({f"{P}disabled": "true"}, origin="yaml"), Target())
    assert found.severity == "warning"
    assert _lines("SL034", _sheet({f"{P}disabled": "maybe"}, origin="yaml")) == []
    assert _lines("SL034", _sheet({f"{P}disabled": "maybe"})) == [1]


@pytest.mark.parametrize(
    ("key", "fix"),
    [("spark.app.name", f"Set {P}appName to a steady name"), (f"{P}appName", "Keep the name the same")],
)
def test_a_name_that_changes_can_be_kept_or_replaced(key: str, fix: str) -> None:
    """The name of a scheduled application cannot be kept, but the agent takes another."""
    (found,) = RULES["SL071"].findings(_sheet({key: "flights_2026-11-21"}), Target())
    assert found.fix.startswith(fix)


def test_rules_have_codes_in_order_and_names_of_their_own() -> None:
    """The documentation lists them so, and a golden folder is named after the slug."""
    assert list(RULES) == sorted(RULES)
    assert len({rule.slug for rule in RULES.values()}) == len(RULES)
    assert all(rule.title and rule.description and rule.source for rule in RULES.values())
