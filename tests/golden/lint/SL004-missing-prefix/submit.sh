spark-submit --conf openlineage.namespace=prod.flights job.py
