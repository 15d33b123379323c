export OPENLINEAGE__TRANSPORT__TYPE=http
export OPENLINEAGE__TRANSPORT__URL=http://marquez:5000
spark-submit --conf spark.openlineage.namespace=prod.flights job.py
