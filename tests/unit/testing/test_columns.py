"""What columns are made of, as events tell it."""

from __future__ import annotations

from sparklineage import Dataset, facets
from sparklineage.model import event as ol
from sparklineage.testing.columns import sources_of

FLIGHTS, PLANES = Dataset("s3://b", "flights"), Dataset("s3://b", "planes")


def test_explicit_edges_add_to_column_lineage() -> None:
    delays = Dataset("s3://b", "delays").with_facets(
        facets.column_lineage({"speed": [(FLIGHTS, "distance"), (FLIGHTS, "time")]}),
        facets.lineage(
            [PLANES], fields={"speed": [(FLIGHTS, "time"), (PLANES, "speed")], "seats": [(PLANES, "seats")]}
        ),
    )
    event = ol.make("COMPLETE", time=0, run="r", job=("n", "j"), run_facets={}, job_facets={})
    events = [ol.with_declared(event, "outputs", [ol.declared(delays, "load", "outputs")])]
    assert sources_of("delays.speed", events) == {"flights.distance", "flights.time", "planes.speed"}
    assert sources_of("delays.seats", events) == {"planes.seats"}
