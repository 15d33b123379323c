"""The kit for Kubernetes: what goes into the image of Spark, and a relay beside the driver in its pod."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError
from sparklineage.kits.interface import Kit, KitFile, sha256_of
from sparklineage.kits.kubernetes_readme import ca_file_note, readme
from sparklineage.kits.present import Options, Pieces, pieces
from sparklineage.kits.relay_config import Node, relay_config
from sparklineage.kits.zipapp import NAME as RELAY
from sparklineage.model.versions import numbers
from sparklineage.targets import target
from sparklineage.targets.kubeflow import line_of
from sparklineage.targets.kubernetes_pod import PYZ, USER, secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.config.spec import Spec
    from sparklineage.kits.interface import Jar
    from sparklineage.targets import Order

DOCKERFILE = "Dockerfile"
_REPOSITORY = "docker.io/apache/spark"
SPARK_JARS = "/opt/spark/jars"
"""Where the images of the Apache project have them."""
_IMAGE = re.compile(r"[\w.:/@-]+", re.ASCII)
_PATCHES = {"3.5": "3.5.7", "4.0": "4.0.1", "4.1": "4.1.1"}
"""The image for a line of Spark alone: there is none without a patch release."""
_PYTHON_3_9 = (3, 5, 7)
"""The first release whose image has it. Source: apache/spark-docker, where the Java 11 images before are of Ubuntu
20.04 with Python 3.8, and those for Java 17, since 3.5.0, of 22.04 with 3.10.
"""


def kit(spec: Spec, order: Order, agent: Jar, options: Options | None = None, *, base: str | None = None) -> Kit:
    """The kit for an order that was made with `kit`, whose `relayImage` is the image that will be made.

    `base` is the image of Spark that it is made from. Raises ConfigError for what Kubernetes cannot look up or start.
    """
    image = order.settings.get("relayImage")
    if not image:
        raise ConfigError(
            "Nothing says what the image will be called; give --image NAME:TAG, or write "
            "platforms.kubernetes.relayImage."
        )
    options = options or Options()
    base = base or _official(order)
    if not _IMAGE.fullmatch(base):
        raise ConfigError(f"--from is {base[:200]!r}; write the name of an image.")
    order = replace(order, told=_told(spec, order, options))
    found = pieces(agent, order.scala)
    rendered = target("kubernetes").render(order)
    head = KitFile(
        name=DOCKERFILE,
        text=_dockerfile(found, base),
        about="an image of Spark with all of it; or put its lines into yours",
    )
    rest = [
        *found.files("which the image gets"),
        *(KitFile(name=one.name, text=one.text, about=one.about, executable=one.executable)
          for one in rendered.artefacts),
    ]  # fmt: skip
    page = readme(order, image, [head, *rest], base=base, secrets=list(secrets(order, order.conf)), options=options)
    last = KitFile(name="README.md", text=page, about="how to use it, and how to remove it")
    return Kit(files=(head, *rest, last), notes=(*rendered.notes, *_notes(base, options)))


def _notes(base: str, options: Options) -> Iterator[str]:
    yield f"The image is made from {base}; --from names another one, with Python 3.9 or later."
    if options.ca_file:
        yield ca_file_note(options.ca_file)


def _told(spec: Spec, order: Order, options: Options) -> dict[str, Any]:
    """What the relay is told, with the way to the backend that the options name."""
    spool = order.conf["spark.sparklineage.spool"].written
    node = Node(
        platform="kubernetes",
        kinds=("env",),
        spool=spool,
        state=None,
        log=None,
        proxy=options.proxy,
        ca_file=options.ca_file,
    )
    return relay_config(spec, node)


def _official(order: Order) -> str:
    """The image of the Apache project, which has a Python. Raises ConfigError where that is none that the relay runs
    on, or where nothing tells a whole version.
    """
    line = line_of(order)
    # What was asked for: of a release that is not known yet, the order has the one before it.
    asked = order.settings.get("release") or line
    version = _PATCHES.get(asked, asked)
    found = numbers(version)
    if found and found < _PYTHON_3_9 and (len(found) > 2 or found != _PYTHON_3_9[: len(found)]):
        other = f"--from {_REPOSITORY}:{version}-scala{order.scala}-java17-python3-ubuntu"
        way = f"--release 3.5.7 or later, or the one for Java 17, {other}" if found[:2] == (3, 5) else "--from IMAGE"
        raise ConfigError(
            f"platforms.kubernetes.release is {asked}, and {_REPOSITORY}:{version} has Python 3.8, where the relay "
            f"needs 3.9 or later; take an image with that: {way}."
        )
    if len(found) < 3:
        raise ConfigError(
            f"platforms.kubernetes.release is {asked}, and there is no image of a line alone; write the whole version "
            "of Spark, or name the image with --from."
        )
    return f"{_REPOSITORY}:{version}"


def _dockerfile(found: Pieces, base: str) -> str:
    jars = f"{found.agent.name} {found.witness.name}"
    sums = "".join(
        f"      '{sha256}  {path}' \\\n"
        for sha256, path in (
            (found.agent.sha256, f"{SPARK_JARS}/{found.agent.name}"),
            (found.witness.sha256, f"{SPARK_JARS}/{found.witness.name}"),
            (sha256_of(found.relay), PYZ),
        )
    )
    return _DOCKERFILE.format(base=base, jars=jars, folder=SPARK_JARS, relay=RELAY, pyz=PYZ, sums=sums, user=USER)


_DOCKERFILE = """\
# Spark with lineage: agent, witness and relay. Made by sparklineage; build it in the folder of the kit.
# For an image of your own put the lines from COPY to USER into its Dockerfile.
FROM {base}
USER root
COPY --chmod=0644 {jars} {folder}/
COPY --chmod=0644 {relay} {pyz}
# Exactly the files of this kit, and a Python that the relay runs on.
RUN printf '%s\\n' \\
{sums}    | sha256sum --check --quiet - \\
 && python3 {pyz} --version
# Who runs Spark in the images of the Apache project; the relay has to be the same user.
USER {user}
"""
