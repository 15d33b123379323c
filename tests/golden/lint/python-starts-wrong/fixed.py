import subprocess

SparkSubmitOperator(
    task_id="flights",
    application="flights.py",
    name="flights-{{ ds }}",
    packages="io.openlineage:openlineage-spark_2.12:1.53.0",
    conf={"spark.openlineage.transport.url": "http://marquez:5000", "spark.openlineage.transport.type": "http"},
    env_vars={"OPENLINEAGE_URL": "http://marquez:5000"},
)
subprocess.run(["spark-submit", "--jars", "openlineage-spark_2.13-1.53.0.jar", "--jars", "x.jar", "flights.py"])
emr.add_job_flow_steps(
    JobFlowId=cluster,
    Steps=[{"HadoopJarStep": {"Args": ["spark-submit", "--conf", "spark.openlineage.debugFacet=enabled", "flights.py"]}}],
)
dataproc.submit({"pyspark_job": {"properties": {"spark.openlineage.host": "http://marquez:5000"}}})
