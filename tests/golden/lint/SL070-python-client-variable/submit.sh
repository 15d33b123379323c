export OPENLINEAGE_URL=http://marquez:5000
OPENLINEAGE_NAMESPACE=prod.flights spark-submit job.py
