spark-submit --conf 'spark.openlineage.context={"parent": {"run": {"runId": "01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42"}, "job": {"namespace": "prod", "name": "dag.task"}}}' job.py
