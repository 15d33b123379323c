"""The options of spark-submit itself, Spark 3.3 to 4.3: `SparkSubmitOptionParser` in Spark's launcher."""

from __future__ import annotations

VALUED: frozenset[str] = frozenset(
    [
        "--archives",
        "--class",
        "--conf",
        "--deploy-mode",
        "--driver-class-path",
        "--driver-cores",
        "--driver-default-class-path",
        "--driver-java-options",
        "--driver-library-path",
        "--driver-memory",
        "--exclude-packages",
        "--executor-cores",
        "--executor-memory",
        "--extra-properties-file",
        "--files",
        "--jars",
        "--keytab",
        "--kill",
        "--master",
        "--name",
        "--num-executors",
        "--packages",
        "--principal",
        "--properties-file",
        "--proxy-user",
        "--py-files",
        "--queue",
        "--remote",
        "--repositories",
        "--status",
        "--total-executor-cores",
    ]
)
"""Options that take a value, which Spark takes even if it begins with a dash."""

SWITCHES: frozenset[str] = frozenset(
    ("--help", "--load-spark-defaults", "--supervise", "--usage-error", "--verbose", "--version")
)
"""Options without a value."""

ALIASES: dict[str, str] = {"-c": "--conf", "-h": "--help", "-v": "--verbose"}

INFORMATIONAL: frozenset[str] = frozenset(("--help", "--kill", "--status", "--usage-error", "--version"))
"""With one of these spark-submit starts no application."""

PROPERTIES: dict[str, str] = {
    "--archives": "spark.archives",
    "--deploy-mode": "spark.submit.deployMode",
    "--driver-default-class-path": "spark.driver.defaultExtraClassPath",
    "--exclude-packages": "spark.jars.excludes",
    "--files": "spark.files",
    "--jars": "spark.jars",
    "--master": "spark.master",
    "--name": "spark.app.name",
    "--packages": "spark.jars.packages",
    "--py-files": "spark.submit.pyFiles",
    "--remote": "spark.remote",
    "--repositories": "spark.jars.repositories",
}
"""The property behind a dedicated flag. The flag beats `--conf` of that property (seen on 3.5.9 and 4.2.0)."""

VARIABLES: dict[str, str] = {
    "spark.master": "MASTER",
    "spark.submit.deployMode": "DEPLOY_MODE",
    "spark.remote": "SPARK_REMOTE",
}
"""The environment variable that spark-submit falls back to."""
