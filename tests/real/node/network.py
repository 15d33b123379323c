"""A network of a node's own, in which nothing answers but what a test lets in."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from tests.real.node.tree import Tree

METADATA = "169.254.169.254"
"""Where the instance's metadata and its role's credentials are asked for."""

_NEWNET = 0x40000000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _SIOCSIFADDR, _UP = 0x8913, 0x8914, 0x8916, 1
_LIBC = ctypes.CDLL(None, use_errno=True)
T = TypeVar("T")


def inside(tree: Tree, work: Callable[[], T]) -> T:
    """Do something in the tree's network; a socket made there stays there."""
    found: list[T] = []
    problems: list[OSError] = []

    def enter() -> None:  # A thread of its own, as it cannot be left again for certain.
        try:
            with open(f"/proc/{tree.holder}/ns/net", "rb") as network:  # noqa: PTH123 - its number is needed
                if _LIBC.setns(network.fileno(), _NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            found.append(work())
        except OSError as problem:
            problems.append(problem)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if problems:
        raise problems[0]
    return found[0]


def loopback(tree: Tree) -> None:
    """Switch its loopback on, with the address of the metadata besides."""

    def configure() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            asked = fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0))
            flags = struct.unpack("16sH14x", asked)[1] | _UP
            fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags))
            address = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(METADATA))
            fcntl.ioctl(control, _SIOCSIFADDR, address)

    inside(tree, configure)


@contextmanager
def reaching(tree: Tree, port: int, *, host: str = "127.0.0.1", to: int | None = None) -> Iterator[None]:
    """A port in the tree's network leads to one of this machine's loopback, the same unless another is named."""
    listener = inside(tree, lambda: socket.create_server((host, port)))
    ends: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def connect(near: socket.socket) -> None:
        with near, suppress(OSError), socket.create_connection(("127.0.0.1", port if to is None else to)) as far:
            ends.extend((near, far))
            back = threading.Thread(target=_pump, args=(far, near))
            back.start()
            _pump(near, far)
            back.join()

    def accept() -> None:
        with suppress(OSError):
            while True:
                threads.append(threading.Thread(target=connect, args=(listener.accept()[0],)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield
    finally:
        _shut(listener)
        accepting.join()
        listener.close()
        for thread in threads:
            while thread.is_alive():
                for end in tuple(ends):
                    _shut(end)
                thread.join(0.1)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Carry everything over to the last byte, and that there is no more."""
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
