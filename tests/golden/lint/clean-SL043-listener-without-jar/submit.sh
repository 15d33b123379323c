spark-submit --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener --packages io.openlineage:openlineage-spark_2.13:1.53.0 job.py
