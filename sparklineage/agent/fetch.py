"""A pinned file on disk: from the cache, else from the first place that has it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.agent.artifact import apart, digest_of
from sparklineage.agent.failures import Failures
from sparklineage.agent.limit import Limit, SlowError
from sparklineage.agent.partial import Partial
from sparklineage.errors import AgentJarError, DigestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sparklineage.agent.artifact import Artifact, Progress
    from sparklineage.agent.source import Source

_WASTED = 5.0
"""Seconds of waiting in vain that are worth remembering."""
_PAUSE = 0.05


def default_cache(environ: Mapping[str, str], home: Path) -> Path:
    """`SPARKLINEAGE_CACHE`, else `sparklineage` in `XDG_CACHE_HOME` or `~/.cache`."""
    if environ.get("SPARKLINEAGE_CACHE"):
        return Path(environ["SPARKLINEAGE_CACHE"])
    base = environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else home / ".cache") / "sparklineage"


def cached(artifact: Artifact, *, cache: Path) -> Path | None:
    """The path of `artifact` in the cache where it is there intact."""
    target = cache / "jars" / artifact.path
    return target if _intact(target, artifact.sha512) else None


def fetch(
    artifact: Artifact,
    *,
    cache: Path,
    sources: Sequence[Source],
    progress: Progress | None = None,
    limit: float | None = None,
    spare: float = 0.0,
) -> Path:
    """The path of `artifact` in the cache, its digest checked; downloaded if it is not there intact.

    `sources` are asked in turn. `limit` is the seconds that they have together before enough data comes, None for
    as long as it takes. A place that wasted more than 5 s or the rest of the limit is not asked again for `spare`
    seconds; 0 asks every place and forgets what was. What a broken download left is kept, and the next one asks for
    the rest. Raises DigestError where one gave wrong bytes twice, SlowError
    where time or that memory is the reason, and AgentJarError where none could give any or the cache cannot be
    written. Any number of processes may fetch the same file at once.
    """
    target = cache / "jars" / artifact.path
    if _intact(target, artifact.sha512):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        time_left = Limit(limit) if limit is not None else None
        with _alone(target, time_left) as alone:
            if _intact(target, artifact.sha512):
                return target
            target.unlink(missing_ok=True)
            failures = Failures(target, spare)
            with _workplace(target, alone=alone) as folder:
                part = folder / f"{artifact.file_name}.part"
                _obtain(artifact, target, part, sources, progress=progress, limit=time_left, failures=failures)
            failures.forget()
    except AgentJarError:
        raise
    except OSError as error:
        raise AgentJarError(
            f"{cache}: the cache cannot be written ({error.strerror or error}); "
            "name another folder in SPARKLINEAGE_CACHE."
        ) from None
    return target


def _obtain(
    artifact: Artifact,
    target: Path,
    part: Path,
    sources: Sequence[Source],
    *,
    progress: Progress | None,
    limit: Limit | None,
    failures: Failures,
) -> None:
    reasons = []
    slow = False
    for source in sources:
        if (known := failures.known(source.place)) is not None:
            reasons.append(known)
            slow = True
            continue
        begin = time.monotonic()
        try:
            return _download(artifact, target, part, source, progress=progress, limit=limit)
        except DigestError:
            raise
        except AgentJarError as error:
            reasons.append(str(error))
            if isinstance(error, SlowError) or time.monotonic() - begin > _WASTED:
                failures.remember(source.place, str(error))
                slow = True
        if limit and not limit.left():
            break
    why = "; ".join(reasons) or "there is no place to fetch it from"
    raise (SlowError if slow else AgentJarError)(
        f"{artifact.coordinates} cannot be had: {why}. "
        "Name a repository that has it with --repository or SPARKLINEAGE_REPOSITORY."
    )


def _download(
    artifact: Artifact, target: Path, part: Path, source: Source, *, progress: Progress | None, limit: Limit | None
) -> None:
    """The verified file at `target`; a wrong one is thrown away and fetched anew once."""
    wrong = found = ""
    published: str | None = None
    for _ in range(2):
        published = source.get(artifact, part, progress, limit)
        expected = [digest for digest in (artifact.sha512, published) if digest]
        if not expected:
            raise AgentJarError(
                f"{source.place} publishes no .sha512 beside {artifact.file_name}, and no digest is pinned for it"
            )
        found = digest_of(part)
        wrong = next((digest for digest in expected if digest != found), "")
        if not wrong:
            part.chmod(0o644)
            part.replace(target)
            _stamp(target, found)
            return
        part.unlink()
    wanted, there = apart(wrong, found)
    ask = "ask whoever runs that repository"
    if published == found:
        ask = f"the repository publishes what it has, so {ask}, and whoever wrote the expected one down"
    raise DigestError(
        f"{artifact.file_name} from {source.place} has the wrong SHA-512, twice: expected {wanted}, found {there} "
        f"Nothing was kept; {ask}."
    )


def begun(artifact: Artifact, *, cache: Path) -> bool:
    """Whether a download of it broke off and left a part, from whose end the next one goes on."""
    folder = _begun(cache / "jars" / artifact.path)
    return any(Partial(path).worth_keeping() for path in folder.glob("*.begun"))


def _begun(target: Path) -> Path:
    return target.with_name(f".begun-{target.name}")


@contextmanager
def _workplace(target: Path, *, alone: bool) -> Iterator[Path]:
    """A folder to download into: the same one each time, which stays where a download broke off.

    Without a lock it is one for this process only.
    """
    if not alone:
        with tempfile.TemporaryDirectory(prefix=".part-", dir=target.parent) as folder:
            yield Path(folder)
        return
    shared = _begun(target)
    shared.mkdir(exist_ok=True)
    try:
        yield shared
    except BaseException:
        if any(Partial(path).worth_keeping() for path in shared.glob("*.begun")):
            raise
        shutil.rmtree(shared, ignore_errors=True)
        raise
    shutil.rmtree(shared, ignore_errors=True)


@contextmanager
def _alone(target: Path, limit: Limit | None) -> Iterator[bool]:
    """One process at a time downloads a file; the others wait and find it there. Raises SlowError for `limit`.

    Gives False on a file system without locks.
    """
    alone = False
    lock = os.open(target.with_name(f".{target.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with suppress(OSError):  # A file system without locks: downloads twice, and still replaces whole files.
            while not _locked(lock, wait=limit is None):
                if limit and not limit.left():
                    raise SlowError(f"another process has been fetching {target.name} for over {limit.seconds:g} s.")
                time.sleep(_PAUSE)
            alone = True
            for left in target.parent.glob(".part-*"):  # By a process that was killed.
                shutil.rmtree(left, ignore_errors=True)
        yield alone
    finally:
        os.close(lock)


def _locked(lock: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _intact(path: Path, pinned: str | None) -> bool:
    """Whether the file has its digest: the stamp saves reading 40 MB each time, any change makes it void."""
    try:
        state = path.stat()
    except OSError:
        return False
    stamp = _sidecar(path)
    digest, size, changed = "", "", ""
    with suppress(OSError, ValueError):
        digest, size, changed = stamp.read_text("ascii").split()
    wanted = pinned or digest
    if not wanted:
        return False
    if digest == wanted and (size, changed) == (str(state.st_size), str(state.st_mtime_ns)):
        return True
    with suppress(OSError):
        if digest_of(path) == wanted:
            with suppress(OSError):
                _stamp(path, wanted)
            return True
    return False


def stamped_digest(path: Path) -> str | None:
    """The SHA-512 that a file of the cache had when it was put there; None where nobody wrote it down."""
    with suppress(OSError, ValueError, IndexError):
        return _sidecar(path).read_text("ascii").split()[0]
    return None


def _stamp(path: Path, digest: str) -> None:
    state = path.stat()
    _sidecar(path).write_text(f"{digest} {state.st_size} {state.st_mtime_ns}\n", "ascii")


def _sidecar(path: Path) -> Path:
    return path.with_name(f".{path.name}.verified")
