"""The doors for Python code: read a configuration, and put it into a session that is yet to be built."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sparklineage.assemble.finished import finished
from sparklineage.assemble.left_jvm import LOG, fitted, left_jvm, missed, remember, renew
from sparklineage.assemble.properties_file import properties_file
from sparklineage.assemble.said import say_once
from sparklineage.config.conf import refuse_sparks_own_secrets
from sparklineage.config.load import is_switched_off
from sparklineage.config.loading import load_spec
from sparklineage.config.secrets import resolve
from sparklineage.errors import SparklineageError, UnsupportedSparkError
from sparklineage.journal import RunFolder, kept, read_json
from sparklineage.journal.folder import APPLICATION_ID_VARIABLE, APPLICATION_VARIABLE
from sparklineage.model.conf_builder import options
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import Text
from sparklineage.model.parent_variables import parent_from
from sparklineage.submit.our_properties import APP_NAME, NAMESPACE, RUN_ID
from sparklineage.submit.user_conf import defaults_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.agent.artifact import Artifact
    from sparklineage.assemble.finished import Finished
    from sparklineage.config.spec import Spec
    from sparklineage.submit.spark import SparkInstall
    from sparklineage.targets import Application, Existing, Rendered

_Builder = TypeVar("_Builder")
_SPOOL = "spark.sparklineage.spool"


def load(
    config: str | os.PathLike[str] | None = None,
    *,
    profile: str | None = None,
    platform: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Spec:
    """The configuration in force: `config`, else the file that `sparklineage` itself would read in this folder.

    `environ` are the variables to look at instead of the process's own. Raises ConfigError, a sentence a line.
    """
    return load_spec(
        environ=os.environ if environ is None else environ,
        flags={},
        directory=Path(),
        config=Path(config) if config is not None else None,
        profile=profile,
        platform=platform,
    )


def finished_for(spec: Spec, *, spark_home: str | os.PathLike[str] | None = None) -> Finished:
    """The finished conf set of a configuration, for the Spark that is found, or the one in `spark_home`."""
    return finished(spec, install=_spark(spec, spark_home), home=Path.home())


def render(
    target_name: str,
    spec: Spec | None = None,
    *,
    application: Application | None = None,
    into: Existing | None = None,
    allow_literal_secrets: bool = False,
) -> Rendered:
    """The artefacts of a target, such as `emr`, as `sparklineage conf` writes them; nothing is written or sent.

    `spec` comes from `load(platform=target_name)`, which is also what None stands for. `into` is a file of the user's
    that the first artefact is merged into. Raises UsageError for a target that nobody knows, ConfigError for what the
    platform would refuse, and UnsupportedSparkError where no agent runs on its release.
    """
    from sparklineage.assemble.order import order_for  # noqa: PLC0415
    from sparklineage.targets import target  # noqa: PLC0415

    place = target(target_name)
    spec = load(platform=target_name) if spec is None else spec
    order = order_for(
        spec, target_name, install=_spark(spec, None), home=Path.home(), application=application,
        allow_literal_secrets=allow_literal_secrets,
    )  # fmt: skip
    return place.render(order, into)


def configure(
    builder: _Builder,
    *,
    config: str | os.PathLike[str] | None = None,
    profile: str | None = None,
    platform: str | None = None,
) -> _Builder:
    """A `SparkSession.builder` whose session reports its lineage; the options that it has stay, and so does what the
    spark-defaults.conf says that the session will read.

    The variables of the environment count as they do with `sparklineage submit`: `SPARKLINEAGE_BACKEND`,
    `SPARKLINEAGE_JOURNAL`, `SPARKLINEAGE_PROFILE` and all others.

    Fetches the agent's JAR, and what the transport needs besides, unless that is cached. Keys and headers go into the
    environment of this process, from where the JVM gets them. Without a backend, or with `delivery.mode: outbox`, the
    events wait in the journal for `sparklineage relay drain --all`; with one and `auto`, nobody would deliver them
    beside the job, so the agent sends them itself. Inside of a `sparklineage.application` the session reports as that
    one, and its relay delivers, or the agent. After `spark.stop()` the next session may be configured anew; where the
    JVM that runs on has no agent on its class path, that is one warning, and the builder stays as it is. Raises
    SessionRunsError where a session runs already, and ConfigError, AgentJarError and UnsupportedSparkError where
    there can be no lineage; `disabled: true` gives the builder back as it is.
    """
    if is_switched_off(os.environ):
        return builder
    spec = load(config, profile=profile, platform=platform)
    if spec["disabled"] is True:
        return builder
    say_once(spec.warnings, spec.environ)
    run = _open_run(spec)
    if kept.beside() is not None:
        spec = spec.with_mode("outbox", kept.WHY)
        run = run or _kept_run()
    elif run is None and spec["delivery.mode"] == "auto" and spec["transport.type"] is not None:
        spec = spec.with_mode("direct", "configure: nobody else would deliver beside this job")
    done = for_this_python(spec)
    theirs = _theirs(builder, done.install, spec)
    conf = done.merged_with(theirs).added
    if run is not None and done.mode == "outbox":
        conf = run.over(conf)
    elif run is None and (sent := _sent_run(spec)) is not None:
        conf = sent.over(conf)
    refuse_sparks_own_secrets(conf)
    jvm = left_jvm()
    if jvm is not None:
        fit = fitted(conf, jvm)
        if fit is None:
            return builder
        conf = fit
    # Refuses before anything is fetched or set.
    conf.apply(_Dry(builder), environ=spec.environ)
    conf = conf.resolved(lambda reference, source: resolve(reference, source=source, environ=spec.environ))
    variables = conf.environment()
    if jvm is None:
        fetch_missing(done, spec)
    else:
        if late := missed(variables, jvm):
            LOG.warning("%s cannot reach the JVM, which runs already; restart the Python process", " and ".join(late))
        renew(conf, jvm)
    os.environ.update(variables)
    found = conf.apply(builder, environ=spec.environ)
    remember(conf.as_dict())
    return found


def for_this_python(spec: Spec) -> Finished:
    """The finished conf set for the Spark that a session of this process will run.

    Raises ConfigError, and UnsupportedSparkError where the agent that is asked for does not run on it.
    """
    # pyspark starts the Spark of SPARK_HOME, or its own, whatever else is on PATH.
    done = finished(spec, install=_spark(spec, None, path=""), home=Path.home())
    if done.unfit is not None:
        raise UnsupportedSparkError(done.unfit)
    return done


def fetch_missing(done: Finished, spec: Spec) -> None:
    """Bring the JARs that the conf set names into the cache, as far as they are not there. Raises AgentJarError."""
    for artifact, path in (*_agent(done), *done.companions):
        if not path.is_file():
            _fetch(artifact, spec, done.install)


def _open_run(spec: Spec) -> ConfSet | None:
    """What makes the session that of the `sparklineage.application` around it; None where there is none."""
    path = spec.environ.get(APPLICATION_VARIABLE)
    record = read_json(RunFolder(Path(path)).run) if path else None
    if path is None or record is None:
        return None
    found = {RUN_ID: Path(path).name, _SPOOL: str(Path(path).parent)}
    if record.get("named"):
        found[APP_NAME] = str(record["job"]["name"])
    return _of_application(found, spec)


def _kept_run() -> ConfSet:
    """What lets the session of a test report into the journal that it looks at."""
    spool = Text(str(kept.beside()))
    return ConfSet((ConfEntry(key=_SPOOL, value=spool, source="sparklineage.testing", why=kept.WHY),))


def _sent_run(spec: Spec) -> ConfSet | None:
    """The same for one that has no journal: it has told its start, so the agent tells the same run by its name."""
    parts = spec.environ.get(APPLICATION_ID_VARIABLE, "").rsplit("/", 2)
    if len(parts) != 3 or not all(parts):
        return None
    return _of_application({NAMESPACE: parts[0], APP_NAME: parts[1], RUN_ID: parts[2]}, spec)


def _of_application(found: dict[str, str], spec: Spec) -> ConfSet:
    parent, _ = parent_from(spec.environ)
    found |= dict(parent.spark_properties()) if parent else {}
    source, why = "sparklineage.application", "the run that is open"
    return ConfSet(tuple(ConfEntry(key=key, value=Text(text), source=source, why=why) for key, text in found.items()))


def _agent(done: Finished) -> Iterator[tuple[Artifact, Path]]:
    if done.artifact is not None and done.agent_jar is not None:
        yield done.artifact, done.agent_jar


def _theirs(builder: object, install: SparkInstall | None, spec: Spec) -> ConfSet:
    """The user's own options and, as they replace them, the spark-defaults.conf that their session would read."""
    given = ConfSet.of(options(builder), source="SparkSession.builder")
    path = defaults_file(install, spec.environ)
    return given.over(properties_file(path, path.name)) if path is not None and path.is_file() else given


class _Dry:
    """A builder that only looks like one."""

    def __init__(self, builder: object) -> None:
        self._options = dict(getattr(builder, "_options", {}))

    def config(self, key: str, value: str) -> None:
        """Takes the property and forgets it."""


def _spark(spec: Spec, home: str | os.PathLike[str] | None, *, path: str | None = None) -> SparkInstall | None:
    from sparklineage.submit.spark import find_spark  # noqa: PLC0415

    environ = spec.environ if path is None else {**spec.environ, "PATH": path}
    try:
        return find_spark(environ, home=Path(home) if home is not None else None, python=Path(sys.executable))
    except SparklineageError:
        if home is not None:
            raise
        return None


def _fetch(artifact: Artifact, spec: Spec, install: SparkInstall | None) -> None:
    from sparklineage.agent.fetch import default_cache, fetch  # noqa: PLC0415
    from sparklineage.agent.repository import sources  # noqa: PLC0415

    repository = spec.text("agent.repository")
    places = sources(
        home=Path.home(), environ=spec.environ, repository=repository,
        spark_home=install.home if install is not None else None, ivy_settings=None,
    )  # fmt: skip
    fetch(artifact, cache=default_cache(spec.environ, Path.home()), sources=places)
