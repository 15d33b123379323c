"""The version of the toolkit, in a module that imports nothing."""

VERSION = "0.1.0"
PRODUCER = f"https://our-solution.io/sparklineage/{VERSION}"
"""`producer` and `_producer` of every event and facet that the toolkit itself makes."""
