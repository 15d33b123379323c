"""Receivers of events: each takes one event at a time and says what became of it."""

from sparklineage.relay.sinks.interface import Answer, Sink, Verdict

__all__ = ["Answer", "Sink", "Verdict"]
