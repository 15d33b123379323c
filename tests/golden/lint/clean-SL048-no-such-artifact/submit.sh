spark-submit --packages io.openlineage:openlineage-spark_2.12:1.53.0 --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener job.py
