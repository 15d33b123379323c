"""spark-submit against Kubernetes: its properties, and the template of the driver's pod where properties do not do.

Source: Apache Spark, Running Spark on Kubernetes (secretKeyRef, driverEnv, podTemplateFile).
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from sparklineage.model.conf_set import ConfSet
from sparklineage.targets.about import comments
from sparklineage.targets.arguments import lines
from sparklineage.targets.kubernetes_pod import GRACE, pod
from sparklineage.targets.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sparklineage.targets.interface import Order
    from sparklineage.targets.kubernetes_pod import Pod

TEMPLATE = "driver-pod.yaml"
_CONTAINER = "spark-kubernetes-driver"
_MASTER = '"k8s://${KUBERNETES:?address of the API server, https://HOST:PORT}"'
_IMAGE = 'spark.kubernetes.container.image="${IMAGE:?an image with Spark and the application}"'


def submit(order: Order, conf: ConfSet, notes: Iterable[str]) -> tuple[str, str | None]:
    """The command for a shell, and the template of the driver's pod, or None where none is needed."""
    needed = pod(order, conf, conf)
    template = _template(needed) if needed.mount is not None or any(map(_is_mixed, needed.env)) else None
    extra = {"spark.kubernetes.driver.podTemplateFile": TEMPLATE} if template else _properties(needed)
    argv = [*conf.as_args(), *ConfSet.of(extra, source="sparklineage").as_args()]
    job = order.application
    argv += ["--class", job.main_class] if job is not None and job.main_class else []
    words = [
        "spark-submit",
        f"--master {_MASTER}",
        "--deploy-mode cluster",
        f"--name {shlex.quote(order.name)}",
        f"--conf {_IMAGE}",
        *(" ".join(map(shlex.quote, group)) for group in lines(argv)),
    ]
    if job is None:
        words.append('"${APPLICATION:?local:///… or s3a://… of the application}"')
    else:
        words += [shlex.quote(word) for word in (job.uri, *job.arguments)]
    head = "".join(f"{line}\n" for line in comments(notes))
    return "#!/usr/bin/env bash\n" + head + " \\\n  ".join(words) + "\n", template


def _properties(needed: Pod) -> dict[str, str]:
    found = {}
    for variable in needed.env:
        if "value" in variable:
            found[f"spark.kubernetes.driverEnv.{variable['name']}"] = variable["value"]
        else:
            reference = variable["valueFrom"]["secretKeyRef"]
            found[f"spark.kubernetes.driver.secretKeyRef.{variable['name']}"] = (
                f"{reference['name']}:{reference['key']}"
            )
    return found


def _is_mixed(variable: dict[str, Any]) -> bool:
    """Whether it is put together from others, which only a template can set before it."""
    return "$(" in variable.get("value", "").replace("$$", "")


def _template(needed: Pod) -> str:
    container: dict[str, Any] = {"name": _CONTAINER}
    if needed.env:
        container["env"] = list(needed.env)
    spec: dict[str, Any] = {"containers": [container]}
    if needed.mount is not None:
        container["volumeMounts"] = needed.mounts
        spec |= {
            "initContainers": [needed.container()],
            "volumes": needed.volumes,
            "shareProcessNamespace": True,
            "terminationGracePeriodSeconds": GRACE,
        }
    return yaml_text({"apiVersion": "v1", "kind": "Pod", "spec": spec})
