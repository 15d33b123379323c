package io.openlineage.spark.agent;

import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.SparkListener;

/**
 * Stands in for the OpenLineage agent on a node where that is missing.
 *
 * <p>A cluster's conf names the agent as a listener, and a class that is not there stops every SparkContext. A listener
 * whose constructor throws this exception is passed over by Spark. The JAR leaves once the agent is in its place.
 */
public final class OpenLineageSparkListener extends SparkListener {
  public OpenLineageSparkListener(SparkConf conf) {
    throw new UnsupportedOperationException(
        "The OpenLineage agent is not installed on this node, so this application has no lineage; see the log of"
            + " sparklineage's bootstrap script.");
  }
}
