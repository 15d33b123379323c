"""What a job imports: `step`, which declares the lineage that the agent cannot see.

It runs inside other people's jobs, so it has one rule above all others: trouble with lineage is a
warning of the logger `sparklineage`, never an exception, and never noticeable time.
"""
