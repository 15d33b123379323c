"""AWS as moto plays it, and a machine that has nothing of AWS but an access key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest


@contextmanager
def moto_server() -> Iterator[str]:
    """Yields the address of a server, whose store is that of all servers in this process: see `emptied`."""
    # A second, which tests without AWS need not wait.
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


def emptied(url: str) -> str:
    """The server's address, after it has forgotten all that it held."""
    urlopen(Request(f"{url}/moto-api/reset", method="POST")).close()  # noqa: S310
    return url


def only_an_access_key(monkeypatch: pytest.MonkeyPatch, folder: Path, *, secret: str = "testing") -> None:  # noqa: S107
    """Takes all of AWS out of the environment, and the files and roles that could stand in for it, but for a key."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
