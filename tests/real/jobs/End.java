import org.apache.spark.sql.SparkSession;

/** Ends as told; the arguments are those of end.py. */
public final class End {
  public static void main(String[] args) {
    SparkSession spark = SparkSession.builder().appName(args[1] + " " + args[2]).getOrCreate();
    spark.range(5).write().parquet(args[0] + "/java-" + args[1] + "-" + args[2].replace(' ', '-'));
    if (args[1].equals("stop")) {
      spark.stop();
    }
    if (args[2].startsWith("exits")) {
      System.exit(5);
    }
    if (args[2].startsWith("throws")) {
      throw new IllegalStateException("the harvest failed");
    }
  }
}
