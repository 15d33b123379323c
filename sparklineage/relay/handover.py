"""What `submit` tells its relay: one line of JSON over standard input, because it holds secrets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sparklineage.model.backend import Backend, Deferred
from sparklineage.model.secret import Secret, SecretReference
from sparklineage.relay.deliver import Waits
from sparklineage.relay.retire import Keep

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Handover:
    """The backend and how to treat it."""

    backend: Backend
    secrets: Sequence[str] = field(default=(), repr=False)
    """Further values to keep out of everything that is written."""
    waits: Waits = field(default_factory=Waits)
    keep: Keep = field(default_factory=Keep)
    linger: float | None = None
    """Seconds for which the relay goes on once the driver is gone, whose run it then closes itself; None leaves at
    once, as `submit` wants it, which has closed the run."""

    def line(self) -> str:
        """The text that `read` reads back. It holds secrets."""
        backend = self.backend
        fields = {
            "url": backend.url,
            "endpoint": backend.endpoint,
            "api_key": backend.api_key.reveal() if backend.api_key else None,
            "headers": dict(backend.headers),
            "params": dict(backend.params),
            "compression": backend.compression,
            "timeout": backend.timeout,
            "marquez": backend.marquez,
            "proxy": backend.proxy,
            "ca_file": backend.ca_file,
            "deferred": [_deferred(item) for item in backend.deferred],
            "fetched": [secret.reveal() for secret in backend.fetched],
        }
        return json.dumps(
            {
                "backend": fields,
                "secrets": list(self.secrets),
                "waits": [self.waits.first, self.waits.longest],
                "keep": [self.keep.size, self.keep.age],
                "linger": self.linger,
            }
        )

    @classmethod
    def read(cls, line: str) -> Handover:
        """What `line` wrote."""
        found = json.loads(line)
        first, longest = found["waits"]
        size, age = found["keep"]
        return cls(
            backend=_backend(found["backend"]),
            secrets=tuple(found["secrets"]),
            waits=Waits(first=first, longest=longest),
            keep=Keep(size=size, age=age),
            linger=found["linger"],
        )


def _deferred(item: Deferred) -> dict[str, str]:
    return {"place": item.place, "name": item.name, "reference": item.reference.written, "source": item.source}


def _backend(fields: dict[str, Any]) -> Backend:
    key, deferred, fetched = fields.pop("api_key"), fields.pop("deferred"), fields.pop("fetched")
    return Backend(
        **fields,
        api_key=Secret(key) if key else None,
        deferred=tuple(
            Deferred(**{**item, "reference": reference})
            for item in deferred
            if (reference := SecretReference.read(item["reference"])) is not None
        ),
        fetched=tuple(map(Secret, fetched)),
    )
