"""Spark on Kubernetes: the SparkApplication of Kubeflow's, Stackable's and Apache's operator, and ConfigMaps."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.config.documents import Mapping, Node, Scalar, at, parse_json, parse_yaml
from sparklineage.lint.readers.config_map import config_map
from sparklineage.lint.readers.nodes import Source, entries, items, known, parsed, scalars, text_of
from sparklineage.lint.readers.stackable import injected
from sparklineage.lint.readers.template import VARIABLES, untemplated
from sparklineage.lint.settings import JARS, PACKAGES, UNKNOWN, Setting, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KIND = "spark-application"
TITLE = "SparkApplication and ConfigMap of Kubernetes"
_ENDS = (".yml", ".yaml", ".json", ".tpl")
_KIND = re.compile(r"""^[ \t-]*["']?kind["']?[ \t]*:[ \t]*["']?(?:Scheduled)?SparkApplication\b""", re.MULTILINE)
_MAP = re.compile(r"""^[ \t-]*["']?kind["']?[ \t]*:[ \t]*["']?ConfigMap\b""", re.MULTILINE)
_FILE = re.compile(
    r"""^[ \t]*["']?(?:[\w.-]+\.(?:conf|properties)|openlineage[\w.-]*\.ya?ml)["']?[ \t]*:""", re.MULTILINE
)
_APPLICATION, _SCHEDULED = "SparkApplication", "ScheduledSparkApplication"
_DEPENDENCIES = {
    "jars": JARS,
    "packages": PACKAGES,
    "excludePackages": "spark.jars.excludes",
    "repositories": "spark.jars.repositories",
}
_OPTIONS = 1
"""The group of what an operator adds by itself."""


def claims(name: str, text: str) -> bool:
    """By its ending and the kind of an object in it; of ConfigMaps only those that hold configuration of Spark."""
    if not name.endswith(_ENDS):
        return False
    return bool(_KIND.search(text) or (_MAP.search(text) and "spark" in text and _FILE.search(text)))


def read(text: str, file: str) -> Sequence[Sheet]:
    """One sheet for each application and each file in a ConfigMap; other objects are left out.

    Of a Helm template those values are not known that it fills, and where it brings whole lines a sheet is partial.
    """
    template = untemplated(text)
    source = Source(file=file, variables=VARIABLES)
    if template.text.lstrip().startswith("{"):
        root = parsed(parse_json, template.text, file)
        roots = [root] if root is not None else []
    else:
        roots = parsed(parse_yaml, template.text, file)
    found = [sheet for root in roots for sheet in _sheets(source, root, template.text)]
    return [replace(sheet, partial=sheet.partial or template.adds_lines) for sheet in found]


def _sheets(source: Source, root: Node, text: str) -> Iterator[Sheet]:
    kind = text_of(at(root, "kind")) or ""
    if kind.endswith("List"):
        for item in items(at(root, "items")):
            if text_of(at(item, "kind")) != kind:
                yield from _sheets(source, item, text)
    elif kind == "ConfigMap":
        yield from config_map(source, root, text)
    elif kind in {_APPLICATION, _SCHEDULED}:
        sheet = _application(source, root, scheduled=kind == _SCHEDULED)
        if sheet.settings or sheet.environment:
            yield sheet


def _application(source: Source, root: Node, *, scheduled: bool) -> Sheet:
    spec = at(root, "spec", "template") if scheduled else at(root, "spec")
    api = text_of(at(root, "apiVersion")) or ""
    conf, driver = at(spec, "sparkConf"), at(spec, "driver")
    settings = [*source.settings(conf), *_java_options(source, driver), *_dependencies(source, at(spec, "deps"))]
    if api.startswith("sparkoperator.k8s.io/"):
        settings += _name(source, root, scheduled=scheduled)
    elif api.startswith("spark.stackable.tech/"):
        settings = injected(source, root, settings)
    version = (
        at(spec, "sparkVersion"),
        at(spec, "sparkImage", "productVersion"),
        at(spec, "runtimeVersions", "sparkVersion"),
    )
    return Sheet(
        place=source.place(root),
        settings=tuple(settings),
        environment=tuple(
            variable
            for node in (
                at(spec, "env"), at(driver, "envVars"), at(driver, "envSecretKeyRefs"), at(driver, "env"),
                at(driver, "envOverrides"),
            )
            for variable in _environment(source, node)
        ),
        partial=source.is_partial(conf) or source.is_partial(spec) or text_of(at(spec, "sparkConfigMap")) is not None,
        platform="kubernetes",
        spark=next((found for node in version if (found := known(source, node))), None),
    )  # fmt: skip


def _java_options(source: Source, driver: Node | None) -> Iterator[Setting]:
    for name, key, value in entries(driver):
        if name == "javaOptions" and isinstance(value, Scalar):
            yield source.setting(key, value, name="spark.driver.extraJavaOptions", spelled="driver.javaOptions")


def _dependencies(source: Source, node: Node | None) -> Iterator[Setting]:
    """What the operator hands to spark-submit as `--jars` and `--packages`, which count more than sparkConf."""
    for name, _, value in entries(node):
        if name in _DEPENDENCIES:
            yield from source.joined(scalars(value), name=_DEPENDENCIES[name], spelled=f"deps.{name}")


def _name(source: Source, root: Node, *, scheduled: bool) -> Iterator[Setting]:
    """The name of the application: that of the object, to which the time is added if it is scheduled.

    Source: kubeflow/spark-operator, `nameOption` and `newSparkApplicationFromScheduled…` (`fmt.Sprintf("%s-%d", …)`).
    """
    for name, key, value in entries(at(root, "metadata")):
        if name in {"name", "generateName"} and isinstance(value, Scalar):
            found = source.setting(key, value, name="spark.app.name", spelled=f"metadata.{name}")
            if scheduled:
                # The text is how a shell would write it: the rule for changing names knows that.
                found = replace(
                    found,
                    value=f"{found.value}-{UNKNOWN}",
                    text=f"{found.text}-$(date +%s%N)",
                    spelled="spark.app.name (metadata.name and the time of the run)",
                    key_span=None,
                    value_span=None,
                )
            yield found
            return


def _environment(source: Source, node: Node | None) -> Iterator[Setting]:
    """Variables, written as a list of names and values or as a mapping; what a Secret holds is not known."""
    if isinstance(node, Mapping):
        for _, key, value in node.items():
            if isinstance(value, Scalar):
                yield source.setting(key, value, origin="environment")
            else:
                yield _secret(source, key)
        return
    for item in items(node):
        name, given = at(item, "name"), at(item, "value")
        if isinstance(name, Scalar) and isinstance(given, Scalar):
            # Here the name of the variable is a value of the document.
            yield replace(source.setting(name, given, name=source.value(name), origin="environment"), key_span=None)
        elif isinstance(name, Scalar):
            yield _secret(source, name)


def _secret(source: Source, name: Scalar) -> Setting:
    return Setting(key=source.value(name), value=UNKNOWN, place=source.place(name), origin="environment")
