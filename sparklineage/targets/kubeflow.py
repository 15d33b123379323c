"""The SparkApplication of Kubeflow's Spark operator.

Source: kubeflow/spark-operator 2.5 (CRD sparkoperator.k8s.io/v1beta2, submission.go, sparkpod_defaulter.go,
sparkconf_validator.go).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.config.documents import Mapping, Scalar, Sequence, at
from sparklineage.config.platforms import platforms
from sparklineage.errors import ConfigError, UnsupportedSparkError
from sparklineage.model.versions import numbers
from sparklineage.targets.conf_map import (
    JARS,
    conf_in,
    grown,
    jars_beside,
    mapping_in,
    refuse,
    refuse_no_texts,
    texts_in,
)
from sparklineage.targets.kubernetes_names import check_name, object_name
from sparklineage.targets.kubernetes_pod import GRACE, RELAY, VOLUME, pod
from sparklineage.targets.two_transports import side_by_side

if TYPE_CHECKING:
    from sparklineage.config.documents import Node
    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.interface import Order
    from sparklineage.targets.kubernetes_pod import Pod

API = "sparkoperator.k8s.io/"
DENIED = (
    "spark.master", "spark.kubernetes.driver.master", "spark.kubernetes.namespace", "spark.kubernetes.container.image",
    "spark.kubernetes.driver.container.image", "spark.kubernetes.executor.container.image",
    "spark.kubernetes.authenticate.driver.serviceAccountName",
    "spark.kubernetes.authenticate.executor.serviceAccountName",
)  # fmt: skip
"""What the operator's webhook refuses in sparkConf."""


def application(order: Order, conf: ConfSet) -> dict[str, Any]:
    """A whole SparkApplication. Raises ConfigError for what it cannot be told."""
    spec: dict[str, Any] = {"type": "Python", "pythonVersion": "3"}
    job = order.application
    if job is not None and (job.main_class or job.uri.endswith(".jar")):
        spec = {"type": "Java", "mainClass": job.main_class} if job.main_class else {"type": "Java"}
    elif job is not None and job.uri.lower().endswith(".r"):
        spec = {"type": "R"}
    by_kit = order.mode == "outbox" and not order.jars
    version = line_of(order) if by_kit else spark_version(order)
    spec |= {
        "mode": "cluster",
        # Without JARs of its own it is for the image of the kit, which has them.
        "image": order.settings["relayImage"] if by_kit else f"docker.io/apache/spark:{version}",
        "sparkVersion": version,
        "mainApplicationFile": job.uri if job is not None else "local:///opt/spark/work-dir/job.py",
    }
    if job is not None and job.arguments:
        spec["arguments"] = list(job.arguments)
    spec["restartPolicy"] = {"type": "Never"}
    given = conf.without(*DENIED)
    rest, jars = jars_beside(given, given.without(JARS), [])
    if jars:
        spec["deps"] = {"jars": jars}
    spec["sparkConf"] = rest.as_dict()
    spec["driver"] = {"cores": 1, "memory": "1g", "serviceAccount": "spark-operator-spark"}
    spec["executor"] = {"instances": 1, "cores": 1, "memory": "1g"}
    return {
        "apiVersion": f"{API}v1beta2",
        "kind": "SparkApplication",
        "metadata": {"name": object_name(order.name)},
        "spec": _with_pod(spec, pod(order, conf, conf), set(), None),
    }


def merged(order: Order, conf: ConfSet, document: Node, known: Any, file: str) -> tuple[Any, ConfSet]:
    """A SparkApplication of the user's with the lineage in it, and all of its properties. `known` is its plain value.

    Raises ConfigError with the place for what is none.
    """
    check_name(document, file)
    path = ("spec", "template") if str(known.get("kind")).startswith("Scheduled") else ("spec",)
    spec = mapping_in(at(document, *path), file, ".".join(path))
    _same_scala(order, at(spec, "sparkVersion"), file)
    driver = mapping_in(at(spec, "driver"), file, "driver")
    for name in ("volumeMounts", "initContainers", "env"):
        if (node := at(driver, name)) is not None and not isinstance(node, (Sequence, Scalar)):
            refuse(node, file, f"driver.{name} is no list.")
    theirs = conf_in(at(spec, "sparkConf"), file, "sparkConf")
    refuse_no_texts(at(spec, "sparkConf"), file, "sparkConf")
    jars = texts_in(at(spec, "deps", "jars"), file, "deps.jars")
    mine, theirs = side_by_side(conf.without(*DENIED), theirs)
    mine, listed = jars_beside(mine, theirs, jars)
    whole = mine.merged_with(theirs)
    added = whole.beyond(theirs)
    wanted = grown(known, (*path, "sparkConf"), dict(added.as_dict()))
    if listed:
        wanted = grown(wanted, (*path, "deps"), {"jars": listed})
    below = wanted
    for name in path:
        below = below.get(name) or {}
    filled = _with_pod(below, pod(order, added, whole), _variables(spec), _user(spec))
    return grown(wanted, path, filled), whole


def _same_scala(order: Order, version: Node | None, file: str) -> None:
    """Raises ConfigError where the user's Spark has another Scala, whose every job the agent would end."""
    if not isinstance(version, Scalar) or order.release is None or order.release.scala != order.scala:
        return  # Whoever names the Scala itself knows the image.
    try:
        known = platforms().find("kubernetes", version.text)
    except (ConfigError, UnsupportedSparkError):
        return
    if known.warning is None and known.release.scala != order.scala:
        refuse(
            version, file,
            f"sparkVersion is {version.text}, which has Scala {known.release.scala}, and the agent is the one for "
            f"{order.scala}; say --release {version.text}, or write agent.scala.",
        )  # fmt: skip


def spark_version(order: Order) -> str:
    """The version of Spark, as images are named by it: with its patch. Raises ConfigError where nothing tells it."""
    version = line_of(order)
    if len(numbers(version)) < 3:
        raise ConfigError(
            f"platforms.kubernetes.release is {version}, and there is no image of a line alone; write the whole "
            f"version of Spark, such as {version}.1."
        )
    return version


def line_of(order: Order) -> str:
    """The same, as far as the release tells it. Raises ConfigError where nothing does."""
    if order.release is None:
        raise ConfigError(
            "platforms.kubernetes.release is missing; write the version of the Spark in your image, such as 4.0.1."
        )
    return order.release.upstream


def _with_pod(spec: dict[str, Any], needed: Pod, given: set[str], user: object) -> dict[str, Any]:
    """The specification with what the driver's pod needs and does not have. `given` are variables that it has."""
    driver = dict(spec.get("driver") or {})
    wanted = dict(spec)
    if env := [variable for variable in needed.env if variable["name"] not in given]:
        driver["env"] = [*(driver.get("env") or []), *env]
    if needed.mount is not None:
        wanted["volumes"] = _with(spec.get("volumes"), VOLUME, needed.volumes)
        driver["volumeMounts"] = _with(driver.get("volumeMounts"), VOLUME, needed.mounts)
        driver["initContainers"] = _with(driver.get("initContainers"), RELAY, [needed.container(user)])
        # The relay has to see whether the driver lives.
        driver.setdefault("shareProcessNamespace", True)
        driver.setdefault("terminationGracePeriodSeconds", GRACE)
    if driver:
        wanted["driver"] = driver
    return wanted


def _with(known: Any, name: str, added: list[dict[str, Any]]) -> list[Any]:
    items = list(known or [])
    return items if any(isinstance(item, dict) and item.get("name") == name for item in items) else [*items, *added]


def _variables(spec: Node | None) -> set[str]:
    """The variables that the driver has."""
    names: set[str] = set()
    for place in ("envVars", "envSecretKeyRefs"):
        if isinstance(node := at(spec, "driver", place), Mapping):
            names |= {name for name, _, _ in node.items()}
    env = at(spec, "driver", "env")
    for item in env.items if isinstance(env, Sequence) else ():
        if isinstance(name := at(item, "name"), Scalar):
            names.add(name.text)
    return names


def _user(spec: Node | None) -> object:
    """The number of the user that runs the driver; None where it does not say."""
    for place in ("securityContext", "podSecurityContext"):
        if isinstance(node := at(spec, "driver", place, "runAsUser"), Scalar):
            return node.value
    return None
