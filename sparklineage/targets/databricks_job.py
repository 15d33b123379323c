"""Jobs of Databricks: a new one that runs an application, and the user's own, in the JSON of the Jobs API 2.2."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.targets.databricks_cluster import Json, Kit, cluster, mapping, merged_cluster
from sparklineage.targets.limits import longest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.targets.interface import Application

CLUSTER_KEY = "lineage"
_SETTINGS = ("settings", "new_settings")
"""The objects of the API that hold the settings of a job: what `get` answers, what `reset` and `update` take."""


def job(kit: Kit, application: Application) -> Json:
    """The settings of a new job: one task on one cluster of its own."""
    longest("job.name", kit.order.name.encode("utf-8", "replace"), 4096, "give it a shorter one")
    task: Json = {"task_key": key_of(kit.order.name), "job_cluster_key": CLUSTER_KEY}
    return {
        "name": kit.order.name,
        "job_clusters": [{"job_cluster_key": CLUSTER_KEY, "new_cluster": cluster(kit)}],
        "tasks": [task | _what(application)],
    }


def key_of(name: str) -> str:
    """A name as tasks and resources may have it."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")[:100] or "application"


def is_job(root: Json) -> bool:
    """Whether a JSON object is a job or holds the settings of one."""
    names = ("tasks", "job_clusters", "new_cluster")
    return any(name in root for name in names) or any(isinstance(root.get(name), dict) for name in _SETTINGS)


def merged_job(kit: Kit, theirs: Json, where: str, *, partial: bool = False) -> Json:
    """A user's job with ours in every cluster that it starts. Raises ConfigError where it starts none."""
    for name in _SETTINGS:
        if isinstance(theirs.get(name), dict):
            return theirs | {name: merged_job(kit, mapping(theirs[name], name), f"{where}: {name}")}
    found, count = dict(theirs), 0
    for name, each in (("job_clusters", _shared), ("tasks", _own)):
        if isinstance(theirs.get(name), list):
            done = [each(kit, item, f"{where}: {name}[{at}]", partial) for at, item in enumerate(_items(theirs, name))]
            found[name] = [item for item, _ in done]
            count += sum(clusters for _, clusters in done)
    if isinstance(theirs.get("new_cluster"), dict):
        # A task of the older Jobs API 2.0.
        found["new_cluster"] = merged_cluster(kit, mapping(theirs["new_cluster"], where), where, partial=partial)
        count += 1
    others = list(_elsewhere(_items(theirs, "tasks")))
    if not count and not partial:
        raise ConfigError(
            f"{where}: starts no cluster (no job_clusters, no new_cluster), so there is nothing to put the agent into; "
            "merge it into the clusters that its tasks run on."
        )
    for name, why in others:
        kit.say(f"{where}: task {name} runs {why}, which is not changed here.")
    return found


def starts_cluster(job: Json) -> bool:
    """Whether a job, or a task, has a cluster of its own somewhere in it."""
    repeated = job.get("for_each_task")
    below = [*_items(job, "job_clusters"), *_items(job, "tasks")]
    below += [repeated.get("task")] if isinstance(repeated, dict) else []
    return isinstance(job.get("new_cluster"), dict) or any(
        starts_cluster(item) for item in below if isinstance(item, dict)
    )


def _shared(kit: Kit, item: object, where: str, partial: bool) -> tuple[object, int]:
    """An entry of `job_clusters`, and how many clusters it has."""
    if not isinstance(item, dict) or not isinstance(item.get("new_cluster"), dict):
        return item, 0
    return item | {"new_cluster": merged_cluster(kit, item["new_cluster"], where, partial=partial)}, 1


def _own(kit: Kit, item: object, where: str, partial: bool) -> tuple[object, int]:
    """A task, and the one that it repeats."""
    if not isinstance(item, dict):
        return item, 0
    if "openlineage-spark" in repr(item.get("libraries")):
        kit.say(f"{where}: a library brings an agent too, too late to listen; take it out.")
    repeated = item.get("for_each_task")
    if isinstance(repeated, dict):
        task, count = _own(kit, repeated.get("task"), where, partial)
        return (item | {"for_each_task": repeated | {"task": task}}, count) if count else (item, 0)
    return _shared(kit, item, where, partial)


def _elsewhere(tasks: list[object]) -> Iterator[tuple[str, str]]:
    for task in tasks:
        if isinstance(task, dict):
            name = str(task.get("task_key") or "?")
            if task.get("existing_cluster_id"):
                yield name, f"on the cluster {task['existing_cluster_id']}"
            elif task.get("environment_key"):
                yield name, "on serverless compute, where no agent can be"


def _items(theirs: Json, name: str) -> list[object]:
    value = theirs.get(name)
    return value if isinstance(value, list) else []


def _what(application: Application) -> Json:
    """The part of a task that says what runs."""
    uri, arguments = application.uri, list(application.arguments)
    if not uri.startswith("/") and "://" not in uri and not uri.startswith("dbfs:/"):
        raise ConfigError(
            f"--application is {uri[:200]!r}, which Databricks would look for in a Git repository; write a whole path "
            "such as /Workspace/Shared/job.py, /Volumes/CATALOG/SCHEMA/VOLUME/job.py or s3://BUCKET/job.py."
        )
    kind = posixpath.splitext(uri)[1].lower()
    if kind == ".py":
        return {"spark_python_task": {"python_file": uri} | ({"parameters": arguments} if arguments else {})}
    if kind == ".jar" and application.main_class:
        task: Json = {"main_class_name": application.main_class}
        return {"spark_jar_task": task | ({"parameters": arguments} if arguments else {}), "libraries": [{"jar": uri}]}
    if kind == ".jar":
        raise ConfigError(f"--application is {uri[:200]!r}; a JAR needs its main class: --class NAME.")
    raise ConfigError(f"--application is {uri[:200]!r}; a Databricks task takes a .py file, or a .jar with --class.")
