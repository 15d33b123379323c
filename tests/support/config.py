"""Loading a configuration from a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sparklineage.config.loading import load_spec
from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sparklineage.config.spec import Spec


def spec_of(
    directory: Path,
    text: str | bytes | None = None,
    *,
    name: str = "sparklineage.yml",
    flags: Mapping[str, str | None] | None = None,
    profile: str | None = None,
    platform: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Spec:
    """The configuration of a file with this text, named as with `--config`; without a text whatever is there."""
    path = directory / name
    if text is not None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_spec(
        environ={"HOME": str(directory), **(environ or {})},
        flags=flags or {},
        directory=directory,
        config=path if text is not None else None,
        profile=profile,
        platform=platform,
    )


def values_of(spec: Spec, *layers: str) -> dict[str, object]:
    """The values that count; without the defaults, or only of some layers."""
    return {
        name: item.value
        for name, item in spec.resolved.items()
        if (item.layer in layers if layers else item.layer != "defaults")
    }


def refusal_of(
    directory: Path, text: str | bytes | None = None, *, name: str = "sparklineage.yml", **more: object
) -> list[str]:
    """The sentences that refuse a configuration, without the folder in the names of files."""
    with pytest.raises(ConfigError) as caught:
        spec_of(directory, text, name=name, **more)  # type: ignore[arg-type]
    assert caught.value.exit_code == 64
    assert caught.value.__cause__ is None
    return str(caught.value).replace(f"{directory}/", "").split("\n")
