# sparklineage: ignore[SL040]
spark-submit --jars a.jar --jars b.jar job.py
spark-submit --jars a.jar,b.jar job.py # sparklineage: ignore[SL071]
spark-submit --jars a.jar --jars b.jar job.py # sparklineage: ignore
