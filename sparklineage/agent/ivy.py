"""The Ivy that every Spark brings along: it knows the public repository and the user's Ivy settings."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from sparklineage.agent.limit import SlowError
from sparklineage.errors import AgentJarError
from sparklineage.model.masking import mask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.agent.artifact import Artifact, Progress
    from sparklineage.agent.limit import Limit

_MODULE = """<ivy-module version="2.0">
  <info organisation="sparklineage" module="fetch"/>
  <dependencies>
    <dependency org={group} name={name} rev={version} transitive="false">
      <artifact name={name} type="jar" ext="jar"/>{digest}
    </dependency>
  </dependencies>
</ivy-module>
"""
_DIGEST = '\n      <artifact name={name} type="sha512" ext="jar.sha512"/>'


@dataclass(frozen=True, kw_only=True)
class Ivy:
    """Fetches through `org.apache.ivy.Main` in a JVM of its own, with a cache of its own."""

    spark_home: Path
    java: str
    """The `java` to run."""
    settings: Path | None = None
    """The user's `ivysettings.xml`; without it Ivy's own, which name the public repository."""
    environ: Mapping[str, str] = field(repr=False)
    stall: float = 45.0
    """Seconds without a byte after which Ivy is stopped: it has no time-out of its own."""

    @property
    def place(self) -> str:
        return f"Ivy with {self.settings}" if self.settings else "Ivy"

    def get(
        self, artifact: Artifact, target: Path, progress: Progress | None, limit: Limit | None = None
    ) -> str | None:
        with tempfile.TemporaryDirectory(prefix=".ivy-", dir=target.parent) as folder:
            work = Path(folder)
            self._run(self._command(artifact, work), artifact, work, progress=progress, limit=limit)
            jar = work / "out" / artifact.file_name
            if not jar.is_file():
                raise AgentJarError(f"{self.place} found no {artifact.file_name} in {artifact.coordinates}")
            jar.replace(target)
            if artifact.sha512:
                return None
            words = jar.with_name(f"{jar.name}.sha512").read_text("ascii", "replace").split()
            return words[0].lower() if words else None

    def _command(self, artifact: Artifact, work: Path) -> list[str]:
        jars = sorted((self.spark_home / "jars").glob("ivy-*.jar"))
        if not jars:
            raise AgentJarError(f"there is no Ivy in {self.spark_home / 'jars'}")
        module = work / "ivy.xml"
        quoted = {part: quoteattr(getattr(artifact, part)) for part in ("group", "name", "version")}
        # Only a file without a pinned digest needs the published one.
        digest = "" if artifact.sha512 else _DIGEST.format(**quoted)
        module.write_text(_MODULE.format(digest=digest, **quoted), "utf-8")
        settings = ["-settings", str(self.settings)] if self.settings else []
        return [
            *(self.java, *proxy_options(self.environ), "-cp", str(jars[-1]), "org.apache.ivy.Main"),
            *(*settings, "-cache", str(work / "cache"), "-ivy", str(module), "-confs", "default"),
            *("-retrieve", f"{work}/out/[artifact]-[revision](-[classifier]).[ext]"),
        ]

    def _run(
        self, command: list[str], artifact: Artifact, work: Path, *, progress: Progress | None, limit: Limit | None
    ) -> None:
        log = work / "log"
        with log.open("wb") as output:
            try:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(self.environ)
                )
            except OSError as error:
                raise AgentJarError(f"{self.java} cannot be started ({error.strerror})") from None
            try:
                self._watch(process, artifact, work, progress=progress, limit=limit)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        if process.returncode:
            raise AgentJarError(f"{self.place}: {reason(log.read_text('utf-8', 'replace'))}")

    def _watch(
        self,
        process: subprocess.Popen[bytes],
        artifact: Artifact,
        work: Path,
        *,
        progress: Progress | None,
        limit: Limit | None,
    ) -> None:
        seen, since = 0, time.monotonic()
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                return
            size = _downloaded(work / "cache")
            if limit:
                try:
                    limit.received(max(size - seen, 0))
                except SlowError as error:
                    raise SlowError(f"{self.place} {error}") from None
            if size != seen:
                seen, since = size, time.monotonic()
                if progress:
                    progress(seen, artifact.size)
            elif time.monotonic() - since > self.stall:
                raise AgentJarError(f"{self.place} received nothing for {self.stall:g} s")


def find_java(environ: Mapping[str, str]) -> str | None:
    """`$JAVA_HOME/bin/java`, else the `java` on PATH, else None."""
    home = environ.get("JAVA_HOME")
    if home and (java := Path(home) / "bin" / "java").is_file():
        return str(java)
    return shutil.which("java", path=environ.get("PATH", ""))


def proxy_options(environ: Mapping[str, str]) -> list[str]:
    """What tells Java of the proxies in HTTP_PROXY, HTTPS_PROXY and NO_PROXY: it does not read them itself.

    A proxy's user name and password are left out: they would stand on the command line.
    """
    options = []
    for scheme in ("http", "https"):
        value = environ.get(f"{scheme}_proxy") or environ.get(f"{scheme.upper()}_PROXY") or ""
        with suppress(ValueError):
            parts = urlsplit(value if "://" in value else f"//{value}")
            if parts.hostname:
                port = parts.port or (443 if parts.scheme == "https" else 80)
                options += [f"-D{scheme}.proxyHost={parts.hostname}", f"-D{scheme}.proxyPort={port}"]
    spared = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    hosts = [host.strip() for host in spared.split(",") if host.strip()]
    if options and hosts:
        patterns = [pattern for host in hosts for pattern in (host.lstrip("."), f"*.{host.lstrip('*.')}")]
        options.append(f"-Dhttp.nonProxyHosts={'|'.join(dict.fromkeys(patterns))}")
    return options


def reason(log: str) -> str:
    """Why Ivy failed, in one line of its own log."""
    lines = [line.strip() for line in log.splitlines() if line.strip(" .:\t")]
    for number, line in enumerate(lines):
        if line == ":::: ERRORS" and number + 1 < len(lines):
            return mask(lines[number + 1])
    for pattern in (r":: (\S+;\S+: not found)", r"\[FAILED\s*\]\s*(.*)", r"((?:[\w.]+Exception|Error).*)"):
        for line in lines:
            if match := re.search(pattern, line):
                return mask(match[1])
    return mask(lines[-1]) if lines else "failed without a word"


def _downloaded(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*.jar*"):
        with suppress(OSError):  # Renamed between listing and asking.
            total += path.stat().st_size
    return total
