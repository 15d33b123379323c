"""Find the layers, lay them over one another, and check what they say together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sparklineage.config.combinations import combined
from sparklineage.config.definition import definition
from sparklineage.config.environment import default_layer, environment_layers, flag_layer
from sparklineage.config.gates import gated
from sparklineage.config.keys import PLATFORMS
from sparklineage.config.layers import lay
from sparklineage.config.profiles import Sections, chosen, sections
from sparklineage.config.reading import Reader
from sparklineage.config.sources import find, passed_over, read
from sparklineage.config.spec import Spec
from sparklineage.config.transports import fill_types, problems, unread
from sparklineage.errors import ConfigError, suggestion
from sparklineage.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sparklineage.config.layers import Resolved

_PROFILE = "SPARKLINEAGE_PROFILE"


def load_spec(
    *,
    environ: Mapping[str, str],
    flags: Mapping[str, str | None],
    directory: Path,
    config: Path | None = None,
    profile: str | None = None,
    platform: str | None = None,
) -> Spec:
    """The configuration in force: defaults < file < profile < environment < flags.

    `flags` maps an option such as `--namespace` to its value or None; `config` is `--config`, `profile` `--profile`.
    A platform's section lies over the section that it stands in. Raises ConfigError, a sentence a line, for
    everything that is wrong in any layer.
    """
    if platform is not None and platform not in PLATFORMS:
        raise ConfigError(f"--platform is {platform!r}, which is no known platform.{suggestion(platform, PLATFORMS)}")
    source = find(environ, directory, config)
    root = read(source) if source is not None else None
    reader = Reader(str(source.path), foreign=source.foreign) if source is not None else None
    found = sections(root, reader) if root is not None and reader is not None else Sections()
    wanted, named_by = (profile, "--profile") if profile is not None else (environ.get(_PROFILE) or None, _PROFILE)
    name = chosen(found.profiles, wanted, named_by, str(source.path) if source is not None else None)
    outside, warnings = environment_layers(environ)
    ignored = passed_over(environ, source)
    warnings += [ignored] if ignored else []
    resolved = lay([default_layer(), *found.layers(name, platform), *outside, flag_layer(flags)])
    warnings += unread(resolved)
    fill_types(resolved)
    wrong = [*problems(resolved), *combined(resolved), *gated(resolved)]
    if wrong:
        raise ConfigError("\n".join(_sorted(wrong, str(source.path) if source is not None else "")))
    if source is not None and (literal := list(_literal(resolved, str(source.path)))):
        # The clients of secrets take their time to import.
        from sparklineage.config.secrets.literal import literal_problem  # noqa: PLC0415

        problem = literal_problem(source.path, literal)
        warnings += [problem] if problem else []
    return Spec(
        resolved=dict(_ordered(resolved)),
        file=source.path if source is not None else None,
        profile=name,
        profiles=tuple(found.profiles),
        platform=platform,
        warnings=tuple(warnings),
        environ=environ,
    )


def _sorted(sentences: Iterable[str], file: str) -> list[str]:
    """In the order of the file, then those about variables and options."""
    place = re.compile(rf"(?:.{{3,20}} in )?{re.escape(file)}:(\d+):(\d+): ")

    def rank(sentence: str) -> tuple[bool, int, int]:
        match = place.match(sentence)
        return (False, int(match[1]), int(match[2])) if match else (True, 0, 0)

    return sorted(dict.fromkeys(sentences), key=rank)


def _literal(resolved: Mapping[str, Resolved], file: str) -> Iterator[str]:
    """The keys whose secrets stand in the file themselves; a header with an ordinary name may be no secret at all."""
    for name, item in resolved.items():
        if not item.source.startswith(f"{file}:"):
            continue
        if isinstance(item.value, Secret) and item.value and item.sensitive:
            yield name
        elif _has_password(item.value):
            yield f"the password in {name}"


def _has_password(value: object) -> bool:
    """Whether a value is a URL with a password in it."""
    try:
        return isinstance(value, str) and "@" in value and bool(urlsplit(value).password)
    except ValueError:
        return False


def _ordered(resolved: Mapping[str, Resolved]) -> Iterator[tuple[str, Resolved]]:
    """In the order of the definition, families where they belong, so that the same settings look the same."""
    order = {name: at for at, name in enumerate(definition().keys)}

    def rank(name: str) -> tuple[int, str]:
        known = definition().find(name)
        family = next((other for other in order if known and "<" in other and name.startswith(other.split("<")[0])), "")
        return order.get(name, order.get(family, len(order))), name

    yield from sorted(resolved.items(), key=lambda item: rank(item[0]))
