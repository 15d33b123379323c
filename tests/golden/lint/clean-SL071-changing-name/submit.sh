spark-submit --name flights job.py
spark-submit --name "flights-$(date +%F)" --conf spark.openlineage.appName=flights job.py
