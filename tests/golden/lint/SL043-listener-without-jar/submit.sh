spark-submit --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener job.py
