"""Prints what became of the user's conf: argv is the folder to work in."""

import json
import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("Tells Conf").getOrCreate()
context = spark.sparkContext
spark.range(10).write.parquet(f"{sys.argv[1]}/out")
jvm = context._jvm
assert jvm is not None
resource = jvm.java.lang.Thread.currentThread().getContextClassLoader().getResource("harbour.txt")
told = {
    "conf": dict(context.getConf().getAll()),
    "listeners": context._jsc.sc().listenerBus().listeners().toString(),
    "resource": resource.toString() if resource is not None else None,
}
print(json.dumps(told))
spark.stop()
