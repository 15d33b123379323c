spark-submit \
  --conf spark.openlineage.applicationRunId=01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42 \
  job.py
spark-submit --conf "spark.openlineage.applicationRunId=$(uuidgen)" job.py
