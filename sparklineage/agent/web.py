"""A repository with Maven's layout, over HTTP or in a folder."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, build_opener, url2pathname

from sparklineage.agent.limit import SlowError
from sparklineage.agent.partial import Partial, validator_of
from sparklineage.agent.redirect import SameHostRedirect, authorize
from sparklineage.errors import AgentJarError, ConfigError
from sparklineage.model.masking import mask
from sparklineage.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPResponse
    from typing import BinaryIO

    from sparklineage.agent.artifact import Artifact, Progress
    from sparklineage.agent.limit import Limit

_BLOCK = 1 << 17


@dataclass(frozen=True, kw_only=True)
class Repository:
    """One repository by its URL. Time-outs, broken downloads and 5xx are tried again, other answers are not.

    A download that broke off goes on where it ended, in this attempt or in a later process. Proxies are those of
    the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY), as urllib reads them.
    """

    url: str
    """http, https or file; without credentials."""
    username: str = field(default="", repr=False)
    """Hidden too: some repositories take a token in its place."""
    password: Secret | None = None
    password_trouble: str = ""
    """Why a configured password could not be used, for the message about a 401."""
    timeout: float = 15.0
    """Seconds, for connecting and for each wait on data."""
    attempts: int = 3
    pause: float = 0.5
    """Seconds before the second attempt; doubled before each further one."""
    sleep: Callable[[float], None] = time.sleep

    @property
    def place(self) -> str:
        return mask(self.url)

    def get(
        self, artifact: Artifact, target: Path, progress: Progress | None, limit: Limit | None = None
    ) -> str | None:
        url = f"{self.url.rstrip('/')}/{artifact.path}"
        self._copy(url, target, progress, limit)
        return self.digest(artifact, target.parent, limit)

    def digest(self, artifact: Artifact, folder: Path, limit: Limit | None = None) -> str | None:
        """The SHA-512 that the repository publishes for a file, None where it publishes none; `folder` for a while."""
        sibling = folder / f"{artifact.file_name}.sha512"
        try:
            self._copy(f"{self.url.rstrip('/')}/{artifact.path}.sha512", sibling, None, limit)
            words = sibling.read_text("ascii", "replace").split()
        except NotThereError:
            return None
        finally:
            sibling.unlink(missing_ok=True)
        return words[0].lower() if words else None

    def _copy(self, url: str, target: Path, progress: Progress | None, limit: Limit | None) -> None:
        if url.startswith("file:"):
            _copy_file(url, target, progress)
        elif limit is None:
            self._try(url, target, progress, None)
        else:
            try:
                limit.run(lambda: self._try(url, target, progress, limit))
            except SlowError as error:
                raise SlowError(f"{mask(url)} {error}") from None

    def _try(self, url: str, target: Path, progress: Progress | None, limit: Limit | None) -> None:
        for attempt in range(1, self.attempts + 1):
            if limit:
                limit.check()
            try:
                self._download(url, target, progress, limit)
                return
            except _AgainError as error:
                if attempt == self.attempts:
                    times = f" ({attempt} times)" if attempt > 1 else ""
                    raise AgentJarError(f"{mask(url)} {error}{times}") from None
            self.sleep(self.pause * 2 ** (attempt - 1))

    def _download(self, url: str, target: Path, progress: Progress | None, limit: Limit | None) -> None:
        request = Request(url, headers={"User-Agent": "sparklineage"})  # noqa: S310 - repository() checks it
        partial = Partial(target.with_name(f"{target.name}.begun"))
        size, validator = partial.begun(url)
        if size:
            request.add_header("Range", f"bytes={size}-")
            request.add_header("If-Range", validator)
        if self.password is not None:
            authorize(request, self.username, self.password)
        try:
            response = build_opener(SameHostRedirect).open(request, timeout=self.timeout)
        except HTTPError as error:
            with error:
                if size and error.code == 416:
                    partial.drop()
                    raise _AgainError("has another file by now") from None
                raise self._refusal(url, error.code) from None
        except (OSError, HTTPException) as error:
            raise self._unreachable(url, error) from None
        if size and not _continues(response, size):
            size = 0
        if not size:
            partial.begin(url, validator_of(response.headers.get("ETag"), response.headers.get("Last-Modified")))
        try:
            with response, partial.path.open("ab") as file:
                self._stream(response, file, progress, limit, done=size)
            partial.path.replace(target)
        finally:
            if not partial.worth_keeping():
                partial.drop()

    def _stream(
        self, response: HTTPResponse, file: BinaryIO, progress: Progress | None, limit: Limit | None, *, done: int
    ) -> None:
        length = response.headers.get("Content-Length") or ""
        expected = done + int(length) if length.isdecimal() else None
        while True:
            try:
                block = response.read1(_BLOCK)  # What is there: `read` would wait for a whole block.
            except TimeoutError:
                raise _AgainError(f"sent nothing for {self.timeout:g} s") from None
            except (OSError, HTTPException):
                raise _AgainError(_broken_off(done, expected)) from None
            if not block:
                break
            if limit:
                limit.received(len(block))
            file.write(block)
            done += len(block)
            if progress:
                progress(done, expected)
        if expected is not None and done != expected:
            raise _AgainError(_broken_off(done, expected))

    def _unreachable(self, url: str, error: Exception) -> Exception:
        cause = error.reason if isinstance(error, URLError) else error
        if isinstance(cause, TimeoutError):
            return _AgainError(f"did not answer within {self.timeout:g} s")
        if isinstance(cause, HTTPException | ConnectionResetError | BrokenPipeError):
            return _AgainError("closed the connection without an answer")
        return AgentJarError(f"{mask(url)} cannot be reached ({mask(str(cause))})")

    def _refusal(self, url: str, status: int) -> Exception:
        if status in {408, 429} or status >= 500:
            return _AgainError(f"answered {status}")
        if status in {404, 410}:
            return NotThereError(f"{mask(url)} is not there ({status})")
        what = f"answered {status}"
        if status in {401, 403}:
            what = f"wants a user name and password ({status})"
            if self.password is not None:
                what = f"refused the user name or password ({status})"
            if self.password_trouble:
                what += f", and {self.password_trouble}"
        return AgentJarError(f"{mask(url)} {what}")


class NotThereError(AgentJarError):
    """The repository answers, and does not have the file."""


class _AgainError(Exception):
    """A failure that may be gone at the next attempt; its text follows the URL in a sentence."""


def repository(url: str, *, timeout: float = 15.0) -> Repository:
    """The repository that a flag, variable or configuration file names. Raises ConfigError for no such URL.

    A user name and password in the URL are taken out of it and sent as a header.
    """
    shown = mask(url.strip())
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigError(f"{shown!r} is no repository URL: its host or port cannot be read.") from None
    if any(character.isspace() for character in url.strip()):
        raise ConfigError(f"{shown!r} is no repository URL: it has a blank in it; write %20.")
    if parts.scheme not in {"http", "https", "file"}:
        raise ConfigError(f"{shown!r} is no repository URL; it starts with https://, http:// or file://.")
    if parts.query or parts.fragment:
        raise ConfigError(f"{shown!r} is no repository URL: end it before the '?' or '#'.")
    if parts.scheme == "file":
        if host not in {"", "localhost"} or not parts.path.startswith("/"):
            raise ConfigError(f"{shown!r} is no folder; write an absolute path, such as file:///srv/maven.")
        return Repository(url=f"file://{parts.path}")
    if not host:
        raise ConfigError(f"{shown!r} is no repository URL: it names no host.")
    netloc = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    return Repository(
        url=urlunsplit((parts.scheme, netloc, parts.path, "", "")),
        username=unquote(parts.username or ""),
        password=Secret(unquote(parts.password or "")) if parts.username is not None else None,
        timeout=timeout,
    )


def _continues(response: HTTPResponse, size: int) -> bool:
    """Whether this is the rest from `size` on, and not the whole file."""
    return response.status == 206 and (response.headers.get("Content-Range") or "").startswith(f"bytes {size}-")


def _broken_off(done: int, expected: int | None) -> str:
    return f"broke off after {done} of {expected} bytes" if expected else f"broke off after {done} bytes"


def _copy_file(url: str, target: Path, progress: Progress | None) -> None:
    path = Path(url2pathname(urlsplit(url).path))
    try:
        source = path.open("rb")
    except FileNotFoundError:
        raise NotThereError(f"{path} is not there") from None
    except OSError as error:
        raise AgentJarError(f"{path} cannot be read ({error.strerror})") from None
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file, _BLOCK)
        if progress:
            progress(file.tell(), file.tell())
