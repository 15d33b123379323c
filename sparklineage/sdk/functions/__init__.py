"""`reads` and `writes`: what functions and data sources touch that no plan of Spark's shows."""
