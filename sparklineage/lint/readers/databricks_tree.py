"""Where a Databricks document has clusters, pipelines and policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.documents import Mapping, Node, Scalar, Sequence, at
from sparklineage.lint.readers.databricks_cluster import cluster, elsewhere, is_cluster
from sparklineage.lint.readers.databricks_policy import is_policy, policy, policy_in_text
from sparklineage.lint.readers.nodes import Source, entries, items, text_of
from sparklineage.lint.settings import Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

_Path = tuple[str, ...]
_TARGETS = ("targets", "environments")
"""The parts of a bundle that change its resources; `environments` is the older name."""
_PIPELINES = "pipelines"


def sheets(source: Source, root: Node) -> Iterator[Sheet]:
    """A sheet for each cluster, pipeline and policy that sets something, in the order of the document."""
    for sheet in _Walk(source, root).below(root, ()):
        if sheet.settings or sheet.environment or sheet.scripts:
            yield sheet


class _Walk:
    def __init__(self, source: Source, root: Node) -> None:
        self.source = source
        self.overridden = {
            (kind, name)
            for targets in _TARGETS
            for _, _, target in entries(at(root, targets))
            for kind, _, named in entries(at(target, "resources"))
            for name, _, _ in entries(named)
        }
        """Resources that a target changes: what they say themselves is not all."""

    def below(self, node: Node, path: _Path) -> Iterator[Sheet]:
        """The sheets in a part of the document. Documents are nested 50 levels at most, and so are these calls."""
        if isinstance(node, Sequence):
            for item in node.items:
                yield from self.below(item, path)
        elif not isinstance(node, Mapping):
            return
        elif is_policy(node):
            yield policy(self.source, node)
        elif is_cluster(node):
            yield cluster(self.source, node, partial=self._is_changed(path))
        else:
            yield from self._inside(node, path)

    def _inside(self, node: Mapping, path: _Path) -> Iterator[Sheet]:
        """The sheets in what is itself none of them: a job, a task, a pipeline, or what holds these."""
        parameters = at(node, "spark_submit_task", "parameters")
        if isinstance(node.get("configuration"), Mapping):
            path = (*path, _PIPELINES)
        if node.get("new_cluster") is None and (parameters or text_of(node.get("existing_cluster_id"))):
            yield elsewhere(self.source, node, parameters)
        for name, key, value in node.items():
            if name == "new_cluster":
                for found in items(value):
                    yield from self._cluster(found, path, [node.get("libraries"), node.get("library")], parameters)
            elif name == "job_clusters":
                for shared in items(value):
                    yield from self._shared(node, shared, path)
            elif name == "configuration":
                yield from self._configuration(key, value)
            elif name == "definition" and isinstance(value, Scalar):
                yield from policy_in_text(self.source, value)
            else:
                yield from self.below(value, (*path, name))

    def _shared(self, job: Mapping, shared: Node, path: _Path) -> Iterator[Sheet]:
        """A cluster of a job, with the libraries of the tasks that run on it."""
        name = text_of(at(shared, "job_cluster_key"))
        tasks = [task for task in items(job.get("tasks")) if name and text_of(at(task, "job_cluster_key")) == name]
        for found in items(at(shared, "new_cluster")):
            yield from self._cluster(found, path, [at(task, "libraries") for task in tasks], None)

    def _cluster(
        self, node: Node, path: _Path, libraries: list[Node | None], parameters: Node | None
    ) -> Iterator[Sheet]:
        if isinstance(node, Mapping):
            partial = self._is_changed(path)
            yield cluster(self.source, node, libraries=libraries, parameters=parameters, partial=partial)

    def _configuration(self, key: Scalar, node: Node) -> Iterator[Sheet]:
        """The configuration of a pipeline, whose clusters may set more."""
        found = [setting for setting in self.source.settings(node) if "spark" in setting.key.split(".")[:1]]
        yield Sheet(place=self.source.place(key), settings=tuple(found), partial=True, platform="databricks")

    def _is_changed(self, path: _Path) -> bool:
        """Whether this is a change of another cluster, or is changed elsewhere."""
        if path[:1] == ("resources",) and path[1:3] in self.overridden:
            return True
        return _PIPELINES in path or path[:1] in {(name,) for name in _TARGETS}
