spark-submit --conf spark.openlineage.transport.type=file --conf spark.openlineage.transport.location=/var/log/lineage/events.ndjson job.py
