"""Starts no SparkContext, says what it was given, and ends with status 5."""

import json
import os
import sys
from pathlib import Path

from pyspark import SparkConf, SparkContext

SparkContext._ensure_initialized()
Path(sys.argv[1]).touch()
variables = [name for name in os.environ if name.startswith("SPARKLINEAGE_JOURNAL_RUN")]
print(json.dumps({"conf": dict(SparkConf().getAll()), "variables": variables}))
sys.exit(5)
