import io.sparklineage.Witness;
import java.lang.reflect.Constructor;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.JobFailed;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import scala.Option;

/** Hands the witness events with texts that no Python job can make; argv is the journal folder. */
public class WitnessRecords {
  public static void main(String[] args) throws Exception {
    Witness witness = new Witness(new SparkConf(false).set("spark.sparklineage.journal", args[0]));
    String[] texts = {
      "half \ud83d and \ude00, whole \ud83d\ude00, quote \" slash \\ line\nfeed\r\t\u0000\u0001\u001f\u007f\u2028",
      repeat("x", 16_383) + "\ud83d\ude00",
      repeat("token", 200_000),
      repeat("a.b-c://", 50_000),
      "at Token.decode(Token.java:12) Token: s3cr3t! https://u:p@h/ Bearer abcdefgh AKIAABCDEFGHIJKLMNOP",
      null,
    };
    for (int i = 0; i < texts.length; i++) {
      witness.onJobEnd(new SparkListenerJobEnd(i, 1000L + i, new JobFailed(new Exception(texts[i]))));
    }
    String[] plans = {
      null,
      "",
      "== Physical Plan ==\nAdaptiveSparkPlan (5)\n+- HashAggregate (4)\n",
      "== Physical Plan ==\nAdaptiveSparkPlan (7)\n+- Execute InsertIntoHadoopFsRelationCommand (6)\n",
      "== Parsed Logical Plan ==\nProject\n\n== Physical Plan ==\n*(2) Project [id#0L]\n+- *(2) Range\n",
      "== Physical Plan ==\nAdaptiveSparkPlan isFinalPlan=false\n+- == Initial Plan ==\n   Execute X\n",
      "== Physical Plan ==\nExecute " + repeat("y", 1_000_000),
    };
    for (int i = 0; i < plans.length; i++) {
      witness.onOtherEvent(start(i, plans[i]));
    }
    // A broken event costs its own record and nothing more.
    witness.onJobStart(null);
    witness.onOtherEvent(null);
  }

  /** Its constructor has more parameters in every Spark. */
  private static SparkListenerEvent start(long id, String plan) throws Exception {
    Constructor<?> constructor =
        Class.forName("org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart").getConstructors()[0];
    Object[] values = new Object[constructor.getParameterCount()];
    int texts = 0;
    int numbers = 0;
    for (int i = 0; i < values.length; i++) {
      Class<?> type = constructor.getParameterTypes()[i];
      if (type == long.class) {
        values[i] = numbers++ == 0 ? id : 5000L;
      } else if (type == String.class) {
        values[i] = texts++ < 2 ? repeat("d", 499) + "\ud83d\ude00" : plan;
      } else if (type == Option.class) {
        values[i] = Option.apply(null);
      }
    }
    return (SparkListenerEvent) constructor.newInstance(values);
  }

  private static String repeat(String text, int times) {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < times; i++) {
      all.append(text);
    }
    return all.toString();
  }
}
