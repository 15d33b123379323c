spark-submit --conf spark.openlineage.namespace=prod.flights job.py
