"""What a JAR that somebody offers as the agent really is."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.agent.artifact import digest_of
from sparklineage.agent.names import LISTENER, agent_name
from sparklineage.agent.releases import misfit, releases
from sparklineage.errors import AgentJarError, UnsupportedSparkError

if TYPE_CHECKING:
    from pathlib import Path

_CLASS = f"{LISTENER.replace('.', '/')}.class"
# sparklineage.witness brings it: a class of the agent's name that does nothing.
_ABSENT = re.compile(r"^Implementation-Title: sparklineage-absent\s*$", re.MULTILINE)
_MANIFEST_VERSION = re.compile(r"^Implementation-Version:\s*(\S+)", re.MULTILINE)
_PROPERTIES_VERSION = re.compile(r"^version\s*=\s*(\S+)", re.MULTILINE)
# The listener calls SparkListenerJobStart.stageIds(), whose result is the very thing that cannot be linked when the
# Scala versions differ. File names have been wrong before.
_STAGES = {b"()Lscala/collection/Seq;": "2.12", b"()Lscala/collection/immutable/Seq;": "2.13"}


class AbsentAgentError(AgentJarError):
    """The JAR that keeps Spark starting on a node without the agent."""


@dataclass(frozen=True, kw_only=True)
class AgentJar:
    """An agent JAR as its content says."""

    path: Path
    version: str | None
    scala: str | None
    """`2.12` or `2.13`; None where neither its classes nor its name tell."""
    spark: tuple[str, ...]
    """The Spark versions (`4.2`) that it is known to run on; empty where the version or Scala is unknown."""

    def require(self, spark_version: str, spark_scala: str) -> None:
        """Raises UnsupportedSparkError if this JAR cannot run on that Spark."""
        if reason := misfit(self.version, self.scala, spark_version, spark_scala):
            raise UnsupportedSparkError(f"{self.path}: {reason} Leave it out to get one that fits, or use --force.")

    def digest_state(self) -> str:
        """Whether these are the bytes that were published, in words; reads the whole file."""
        release = releases().get(self.version or "")
        if release is None or self.scala is None or self.scala not in release.artifacts:
            return "not known for this version"
        same = digest_of(self.path) == release.artifacts[self.scala].sha512
        return "as published" if same else "not that of the published file: repackaged or changed"


def inspect(path: Path) -> AgentJar:
    """The version and Scala of the agent in this JAR. Raises AgentJarError if it is not one, or is damaged."""
    try:
        with zipfile.ZipFile(path) as jar:
            listener = jar.read(_CLASS)
            manifest = _text(jar, "META-INF/MANIFEST.MF")
            properties = _text(jar, "io/openlineage/spark/agent/version.properties")
    except FileNotFoundError:
        raise AgentJarError(f"{path}: there is no such file; give the path of an agent JAR.") from None
    except OSError as error:
        raise AgentJarError(f"{path}: cannot be read ({error.strerror or error}).") from None
    except KeyError:
        raise AgentJarError(f"{path}: not an agent JAR, it has no class {LISTENER}.") from None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, ValueError, RuntimeError):
        raise AgentJarError(f"{path}: damaged or cut short, it is no readable JAR; fetch it again.") from None
    if _ABSENT.search(manifest):
        raise AbsentAgentError(f"{path}: stands in for a missing agent and is none; give the path of an agent JAR.")
    named = agent_name(path.name)
    stated = _PROPERTIES_VERSION.search(properties) or _MANIFEST_VERSION.search(manifest)
    version = str(stated[1]) if stated else (named.version if named else None)
    scala = _scala(listener) or (named.scala if named else None)
    spark = releases().nearest(version).spark.get(scala, ()) if version and scala else ()
    return AgentJar(path=path, version=version, scala=scala, spark=spark)


def _text(jar: zipfile.ZipFile, name: str) -> str:
    return jar.read(name).decode("utf-8", "replace") if name in jar.namelist() else ""


def _scala(listener: bytes) -> str | None:
    found = {scala for descriptor, scala in _STAGES.items() if descriptor in listener}
    return found.pop() if len(found) == 1 else None
