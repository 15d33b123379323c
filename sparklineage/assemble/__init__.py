"""Puts a configuration, the agent's JAR and the witness together: a conf set that needs nothing more."""

from sparklineage.assemble.finished import Finished, finished

__all__ = ["Finished", "finished"]
