"""`sparklineage jar fetch`: JARs on disk, verified."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.cli.jar_choice import Choice, add_choice, cache_of, choose_jars
from sparklineage.errors import AgentJarError, DigestError, TransferError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from sparklineage.agent.artifact import Artifact

_AT_ONCE = 4
_BROKEN = ("broke off", "sent nothing")
"""What the network has to do with; a wrong digest or a file that is not there is no case for another try."""

ABOUT = """\
Put the agent's JAR into the cache, its digest checked, and print its path; several in parallel, a path a line. Without
options: the newest agent for the Spark that `sparklineage submit` would use, and what the configured transport needs
beside it. They come from --repository; else from a copy that Maven or Ivy has on this machine, the mirror in Maven's
settings, or the Ivy inside Spark, with its settings. A login comes from the URL, from Maven's settings, from
SPARKLINEAGE_REPOSITORY_USERNAME and SPARKLINEAGE_REPOSITORY_PASSWORD, or from a netrc file; proxies from HTTPS_PROXY,
HTTP_PROXY and NO_PROXY. A download that broke off goes on where it ended."""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_choice(parser)
    parser.add_argument("--lock", metavar="FILE", help="write the JARs and their SHA-512 into this lock file")
    parser.add_argument("--out", metavar="DIR", help="put copies into this folder and print their paths")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Prints the paths on stdout, progress on stderr."""
    choice = choose_jars(args, environ)
    try:
        paths = fetch_all(choice, environ)
    except DigestError as error:
        raise (DigestError(f"{error} The lock file is {args.locked}.") if args.locked else error) from None
    if args.lock:
        _write_lock(Path(args.lock), choice.artifacts, paths)
    for path in paths:
        print(_copied(path, Path(args.out).expanduser()) if args.out else path)
    return 0


def fetch_all(choice: Choice, environ: Mapping[str, str]) -> list[Path]:
    """The paths of the artifacts in the cache, in their order.

    Raises the first AgentJarError in that order, or TransferError where the network left a part that can be continued.
    """
    from sparklineage.agent.fetch import begun, cached, fetch  # noqa: PLC0415

    cache = cache_of(environ)
    # Whoever names a repository wants to hear what is wrong with it.
    places = choice.sources(environ) if choice.spec.text("agent.repository") else None
    found = [cached(artifact, cache=cache) for artifact in choice.artifacts]
    there = [path for path in found if path is not None]
    if len(there) == len(found):
        return there
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    from sparklineage.cli.progress import Together  # noqa: PLC0415

    places = places or choice.sources(environ)
    with Together(sys.stderr) as together, ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting = [
            pool.submit(fetch, artifact, cache=cache, sources=places,
                        progress=together.of(artifact.file_name, artifact.size))
            for artifact in choice.artifacts
        ]  # fmt: skip
        try:
            return [one.result() for one in waiting]
        except AgentJarError as error:
            together.stop()
            pool.shutdown(cancel_futures=True)
            broken = any(words in str(error) for words in _BROKEN)
            if broken and any(begun(artifact, cache=cache) for artifact in choice.artifacts):
                raise TransferError(f"{error} Or run it again: it goes on where it stopped.") from None
            raise
        except BaseException:
            together.stop()
            pool.shutdown(cancel_futures=True)
            raise


def _write_lock(path: Path, artifacts: Sequence[Artifact], paths: Sequence[Path]) -> None:
    from sparklineage.agent.artifact import digest_of  # noqa: PLC0415
    from sparklineage.agent.lockfile import write_lock  # noqa: PLC0415

    write_lock(
        path,
        (
            replace(artifact, sha512=artifact.sha512 or digest_of(there), size=there.stat().st_size)
            for artifact, there in zip(artifacts, paths, strict=True)
        ),
    )


def _copied(path: Path, folder: Path) -> Path:
    target, part = folder / path.name, folder / f".{path.name}.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, part)
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise AgentJarError(f"--out {folder}: cannot be written ({error.strerror}); name another folder.") from None
    return target
