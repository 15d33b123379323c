import subprocess

SparkSubmitOperator(
    task_id="flights",
    application="flights.py",
    name="flights",
    packages="io.openlineage:openlineage-spark_2.12:1.53.0",
    conf={
        "spark.extraListeners": "io.openlineage.spark.agent.OpenLineageSparkListener",
        "spark.openlineage.transport.type": "http",
        "spark.openlineage.transport.url": "http://marquez:5000",
        "spark.openlineage.circuitBreaker.type": "asyncTaskQueue",
    },
    env_vars={"OPENLINEAGE__TRANSPORT__TYPE": "http"},
)
subprocess.run(["spark-submit", "--jars", "x.jar,y.jar", *options, "flights.py"])
dataproc.submit({"pyspark_job": {"properties": {"spark.openlineage.transport.url": "http://marquez:5000"}}})
