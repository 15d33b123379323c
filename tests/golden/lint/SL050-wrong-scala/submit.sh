/opt/spark-4.0.1-bin-hadoop3/bin/spark-submit --jars /opt/lineage/openlineage-spark_2.12-1.53.0.jar --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener job.py
