"""One small job for each kind of source or sink that no plan of Spark's shows; docs/manual-lineage.md explains them.

sparklineage submit jobs/hidden/by_udf.py OUT
"""
