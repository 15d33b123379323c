"""The graph of datasets and jobs that OpenLineage events tell of, and the forms in which it is shown."""

from sparklineage.graph.build import build
from sparklineage.graph.cells import Look
from sparklineage.graph.formats import to_dot, to_json, to_mermaid
from sparklineage.graph.nodes import DatasetNode, Edge, Graph, JobNode
from sparklineage.graph.text import draw

__all__ = ["DatasetNode", "Edge", "Graph", "JobNode", "Look", "build", "draw", "to_dot", "to_json", "to_mermaid"]
