"""The names that Airflow's SparkSubmitOperator and Livy's batches give to properties of Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS: Mapping[str, str] = {
    "archives": "spark.archives",
    "deploymode": "spark.submit.deployMode",
    "driverclasspath": "spark.driver.extraClassPath",
    "excludepackages": "spark.jars.excludes",
    "files": "spark.files",
    "jars": "spark.jars",
    "master": "spark.master",
    "name": "spark.app.name",
    "packages": "spark.jars.packages",
    "pyfiles": "spark.submit.pyFiles",
    "repositories": "spark.jars.repositories",
}
"""The property behind a field, in the form of `squashed`. The field wins over the conf."""
