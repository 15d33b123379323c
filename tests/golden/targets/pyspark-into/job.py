#!/usr/bin/env python
"""What it does."""

from __future__ import annotations

from pyspark.sql import SparkSession

spark = with_lineage(SparkSession.builder.appName("daily")).getOrCreate()
