"""`foreach_batch`: one run for a streaming query."""
