from pyspark import SparkConf, SparkContext

conf = SparkConf().setAppName("flights")
conf.set("spark.extraListeners", "io.openlineage.spark.agent.OpenLineageSparkListener")
conf.set("spark.jars.packages", "io.openlineage:openlineage-spark_2.13:1.53.0")
context = SparkContext(conf=conf)
