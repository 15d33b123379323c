spark-submit \
  --conf spark.openlineage.parentJobName=dag.task \
  --conf "spark.openlineage.parentRunId=$PARENT_RUN" \
  job.py
