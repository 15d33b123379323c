spark-submit \
  --conf spark.openlineage.applicationRunId=nightly-42 \
  job.py
