spark-submit --name "flights-$(date +%F)" job.py
spark-submit --conf spark.openlineage.appName=flights_2026-11-21 job.py
