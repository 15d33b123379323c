import org.apache.spark.sql.SparkSession;

/** A JVM application; Crane comes from a JAR of the user's own. Arguments: the folder to work in, and how to end. */
public final class Harbour {
  public static void main(String[] args) {
    SparkSession spark = SparkSession.builder().appName("Harbour").getOrCreate();
    spark.range(10).write().parquet(args[0] + "/out");
    System.out.println(Crane.lift(args[1]));
    spark.stop();
  }
}
