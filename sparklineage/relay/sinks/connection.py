"""Connections whose requests leave in one piece: a receiver is not woken by the headers to wait for the body."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class _OnePiece(http.client.HTTPConnection):
    _pieces: list[bytes] | None = None

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, Any] = {},
        *,
        encode_chunked: bool = False,
    ) -> None:
        """As `http.client` has it, for a body of bytes."""
        if self.sock is None:
            self.connect()  # whatever a proxy is sent before goes on its own
        self._pieces = []
        try:
            super().request(method, url, body, headers, encode_chunked=encode_chunked)
            whole = b"".join(self._pieces)
        finally:
            self._pieces = None
        super().send(whole)

    def send(self, data: Any) -> None:
        if self._pieces is None:
            super().send(data)
        else:
            self._pieces.append(data)


class PlainConnection(_OnePiece):
    """HTTP."""


class SecureConnection(_OnePiece, http.client.HTTPSConnection):
    """HTTPS."""
