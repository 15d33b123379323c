sparklineage submit --conf spark.openlineage.transport.auth.apiKey=aws-ssm:/lineage/marquez job.py
