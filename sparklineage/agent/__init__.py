"""Which agent JAR fits a Spark, and having it on disk with its digest checked."""
