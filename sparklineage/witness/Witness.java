package io.sparklineage;

import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Filter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.JobFailed;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.execution.SQLExecution;
import org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionEnd;
import org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart;
import org.apache.spark.util.Utils;
import scala.Option;

/**
 * Writes what Spark itself knows about queries and jobs to witness.ndjson; docs/journal.md describes the records.
 *
 * <p>Listed before the OpenLineage agent in spark.extraListeners. Without spark.sparklineage.journal and
 * spark.sparklineage.spool it does nothing. It runs on Spark 3.3 to 4.3 and Scala 2.12 and 2.13 without being compiled
 * again, so whatever one of them lacks is caught where it is read. No problem of its own reaches Spark.
 *
 * <p>One class without lambdas and inner classes. The listener bus calls it from one thread; the lock around a write is
 * for the hook that says how the JVM ends.
 */
public final class Witness extends SparkListener implements Runnable, Thread.UncaughtExceptionHandler, Filter {
  private static final String JOURNAL = "spark.sparklineage.journal";
  private static final String SPOOL = "spark.sparklineage.spool";
  private static final String STEP = "spark.sparklineage.step";
  private static final String RUN_ID = "spark.openlineage.applicationRunId";
  private static final String NAME = "spark.openlineage.appName";
  private static final String TRANSPORT = "spark.openlineage.transport.type";
  private static final String LOCATION = "spark.openlineage.transport.location";
  private static final String EXECUTION_ID = "spark.sql.execution.id";

  // Compared by name: naming the classes themselves would fail where Spark SQL is absent.
  private static final String SQL_START = "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart";
  private static final String SQL_END = "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionEnd";

  private static final int ERROR_LIMIT = 16_384;
  private static final int DESCRIPTION_LIMIT = 500;
  private static final int COMMAND_LIMIT = 200;
  private static final int PLAN_LIMIT = 1 << 20;
  private static final int NODE_LIMIT = 20_000;
  private static final int NAMES_LIMIT = 200;
  private static final int NAME_LIMIT = 200;
  // Text is masked a little beyond its limit, so that the limit does not cut a secret into an unknown shape.
  private static final int MASK_MARGIN = 1_024;

  /** What sparklineage.tag sets on a logical plan: ids of steps, with commas between them. */
  private static final String TAG = "sparklineage.step";

  /** What sparklineage.reads puts before the text that goes along with a function whose name is nobody's own. */
  private static final String MARK = "sparklineage:";
  // Spark sends longer functions as broadcasts.
  private static final int FUNCTION_LIMIT = 1 << 20;
  private static final int SHORT_TEXT = 0x8c;

  // Nodes of a plan that run functions of Python's, in all Sparks: BatchEvalPython, ArrowEvalPythonUDTF, MapInPandas,
  // PythonMapInArrow, FlatMapCoGroupsInPandas, ArrowWindowPython, …
  private static final Pattern PYTHON = Pattern.compile("\\w*(?:Python|InPandas|InArrow)\\w*");
  private static final Pattern CALL = Pattern.compile("([^\\s(),\\[\\]]{1,200})\\(");
  private static final Pattern READS = Pattern.compile("(?:Batch|MicroBatch|Continuous)Scan(?:\\[[^\\]]{0,999}\\])? ([^\\s(]\\S*).*");
  private static final Pattern WRITES =
      Pattern.compile("(?:AppendData|OverwriteByExpression|OverwritePartitionsDynamic|WriteToDataSourceV2)\\b ?(\\S*).*");

  // Of an analyzed plan: DataSourceV2Relation, StreamingDataSourceV2ScanRelation, StreamingRelationV2, …
  private static final Pattern RELATION = Pattern.compile(".*Relation(?:V2)?");
  private static final String MICRO_BATCH = "MicroBatchScan";

  private static final Pattern EMR_STEP = Pattern.compile("/steps/(s-[0-9A-Z]+)(?:/|$)");

  // The relay masks again, with the secrets it knows; these keep the obvious ones off the disk. Every repetition has a
  // bound, because they run on the listener's thread over text of any shape.
  private static final String MASK = "$1********";
  private static final Pattern[] SECRETS = {
    Pattern.compile("(://)[^\\s/@'\"]{1,512}(?=@)"),
    Pattern.compile("(?i)(\\b(?:bearer|basic)\\s{1,8})[A-Za-z0-9._~+/=\\-]{6,4096}"),
    // Not the line number of a stack trace: (Token.java:12).
    Pattern.compile(
        "(?i)((?:secret|password|passwd|token|access[.]?key|credential|api[_.-]?key|jaas"
            + "|private[_.-]?key|account[.]key)[\\w.\\-]{0,64}[\"']?\\s{0,8}[=:]\\s{0,8}[\"']?)"
            + "(?![\"'\\s]|\\d+\\))[^\\s\"',;&)}\\]]{1,4096}"),
    Pattern.compile("(\\b)(?:AKIA|ASIA)[A-Z0-9]{16}\\b"),
  };

  // The same names as SECRET_VARIABLE in masking.py; a query's error may quote what the job read from its environment.
  private static final Pattern SECRET_VARIABLE =
    Pattern.compile(
        "(?i)(?:PASSWORD|PASSWD|(?:^|_)(?:API_?KEY|TOKEN|SECRET|CREDENTIALS?|(?:ACCESS|SECRET|PRIVATE|ACCOUNT)_KEY))$");
  private static final String[] LITERALS = literals();

  // Modes of what lies in a folder whose parent has the setgid bit: for the group that the kernel gives to it.
  private static final int SETGID = 02000;
  private static final int SHARED_FOLDER = 02770;
  private static final int SHARED_FILE = 0660;

  /** Of the SparkContext that began last; one of the JVM's lives at a time. */
  private static Witness latest;

  /** What the main thread died of. */
  private static volatile Throwable uncaught;

  // Java 21 and later tell this logger of every System.exit with its status. Kept, or it would be collected.
  private static final String EXIT_LOGGER = "java.lang.Runtime";
  private static final String EXIT_MESSAGE = "Runtime.exit() called with status: ";
  private static Logger exitLogger;
  private static volatile Long exitStatus;

  /** Null where there is nothing to write to. */
  private volatile OutputStream out;

  /** What runs in the JVM's main thread: `python`, `gateway`, `yarn` or `java`. */
  private String main;

  /** The exit status of Python, where SparkSubmit waits for it; null before Java 9. */
  private CompletableFuture<?> python;

  /** The last write failed and may have left a part of a line. */
  private boolean torn;

  public Witness(SparkConf conf) {
    try {
      String journal = conf.get(JOURNAL, "").trim();
      String spool = conf.get(SPOOL, "").trim();
      if (journal.isEmpty() && spool.isEmpty()) {
        return;
      }
      String runId = runId(conf.get(RUN_ID, ""));
      Path folder;
      if (journal.isEmpty()) {
        if (runId == null) {
          runId = newRunId(); // The agent would send nothing at all for an id that is no UUID.
        }
        folder = Paths.get(spool).resolve(runId);
      } else {
        folder = Paths.get(journal);
        if (runId == null) {
          runId = runId(String.valueOf(folder.getFileName()));
        }
      }
      // A relative path means another place to whoever reads it.
      if (!folder.isAbsolute()) {
        return;
      }
      Thread first = mainThread();
      main = kind(first);
      python = "python".equals(main) ? onlyChild() : null;
      out = open(folder);
      succeed(this, first); // It may write to the same file.
      write(application(conf, runId, main));
      // Only now: without a folder the agent stays as it was configured.
      if (journal.isEmpty()) {
        handOver(conf, runId, folder);
      }
    } catch (Throwable ignored) {
      out = null;
    }
  }

  @Override
  public void onApplicationEnd(SparkListenerApplicationEnd event) {
    if (out == null) {
      return;
    }
    try {
      StringBuilder record = record("applicationEnd", event.time());
      known(record, "stoppedBy", stoppedBy());
      write(record);
    } catch (Throwable ignored) {
      // Nothing of ours may reach Spark; here and below.
    }
  }

  @Override
  public void onJobStart(SparkListenerJobStart event) {
    if (out == null) {
      return;
    }
    try {
      Properties properties = event.properties();
      String step = properties == null ? null : properties.getProperty(STEP);
      String execution = properties == null ? null : properties.getProperty(EXECUTION_ID);
      StringBuilder record = record("jobStart", event.time());
      number(record, "jobId", (long) event.jobId());
      number(record, "executionId", execution == null ? null : Long.valueOf(execution));
      text(record, "step", step);
      if (execution == null && step != null && runsPython(event)) {
        record.append(",\"python\":true");
      }
      write(record);
    } catch (Throwable ignored) {
    }
  }

  /** Whether it is an action on an RDD of PySpark's, and no job by which Spark looks at files. */
  private static boolean runsPython(SparkListenerJobStart event) {
    try {
      ArrayDeque<Object> stages = new ArrayDeque<>();
      ArrayDeque<Object> rdds = new ArrayDeque<>();
      add(stages, event.getClass().getMethod("stageInfos").invoke(event));
      for (Object stage : stages) {
        add(rdds, stage.getClass().getMethod("rddInfos").invoke(stage));
      }
      for (Object rdd : rdds) {
        // Its name may be the user's own, and so may the place where it was made.
        Object name = rdd.getClass().getMethod("name").invoke(rdd);
        Object place = rdd.getClass().getMethod("callSite").invoke(rdd);
        if ("PythonRDD".equals(name) || String.valueOf(place).contains("PythonRDD.scala")) {
          return true;
        }
      }
    } catch (Throwable moved) {
      // Then it is as unknown as any other job.
    }
    return false;
  }

  @Override
  public void onJobEnd(SparkListenerJobEnd event) {
    if (out == null) {
      return;
    }
    try {
      StringBuilder record = record("jobEnd", event.time());
      number(record, "jobId", (long) event.jobId());
      Throwable failure = null;
      boolean failed = event.jobResult() instanceof JobFailed;
      if (failed) {
        failure = ((JobFailed) event.jobResult()).exception();
      }
      text(record, "error", failed ? clean(message(failure), ERROR_LIMIT) : null);
      write(record);
    } catch (Throwable ignored) {
    }
  }

  @Override
  public void onOtherEvent(SparkListenerEvent event) {
    if (out == null) {
      return;
    }
    try {
      String name = event.getClass().getName();
      if (SQL_START.equals(name)) {
        executionStart((SparkListenerSQLExecutionStart) event);
      } else if (SQL_END.equals(name)) {
        executionEnd((SparkListenerSQLExecutionEnd) event);
      }
    } catch (Throwable ignored) {
    }
  }

  private void executionStart(SparkListenerSQLExecutionStart event) throws IOException {
    Object root = null;
    try {
      root = value(event.rootExecutionId());
    } catch (Throwable ignored) {
      // Spark 3.3 does not know it.
    }
    StringBuilder record = record("executionStart", event.time());
    number(record, "executionId", event.executionId());
    number(record, "rootExecutionId", root instanceof Long ? (Long) root : null);
    text(record, "description", clean(event.description(), DESCRIPTION_LIMIT));
    text(record, "command", clean(command(event.physicalPlanDescription()), COMMAND_LIMIT));
    try {
      Set<String> functions = new LinkedHashSet<>();
      Set<String> reads = new LinkedHashSet<>();
      Set<String> writes = new LinkedHashSet<>();
      String plan = event.physicalPlanDescription();
      named(plan, functions, reads, writes);
      if (plan != null && plan.contains(MICRO_BATCH)) {
        running(event.executionId(), functions, reads, writes);
      }
      names(record, functions, reads, writes);
    } catch (Throwable ignored) {
      // The end of the execution tells them, too.
    }
    write(record);
  }

  private void executionEnd(SparkListenerSQLExecutionEnd event) throws IOException {
    String error = null;
    String trace = null;
    try {
      // The same plain message on every Spark, where errorMessage is missing (3.3), JSON (3.4) or a stack trace.
      Object failure = value(event.executionFailure());
      if (failure != null) {
        error = message((Throwable) failure);
        trace = trace((Throwable) failure);
      }
    } catch (Throwable ignored) {
      // A fork of Spark without it.
    }
    if (error == null) {
      try {
        Object message = value(event.errorMessage());
        // An empty text says that there was no error.
        if (message instanceof String && !((String) message).isEmpty()) {
          error = (String) message;
        }
      } catch (Throwable ignored) {
        // Spark 3.3 does not know it.
      }
    }
    StringBuilder record = record("executionEnd", event.time());
    number(record, "executionId", event.executionId());
    text(record, "error", clean(error, ERROR_LIMIT));
    text(record, "stackTrace", clean(trace, ERROR_LIMIT));
    try {
      Set<String> functions = new LinkedHashSet<>();
      Set<String> reads = new LinkedHashSet<>();
      Set<String> writes = new LinkedHashSet<>();
      Set<String> tags = new LinkedHashSet<>();
      marked(event.qe().analyzed(), functions, reads, writes, tags);
      names(record, functions, reads, writes);
      names(record, "tags", tags);
    } catch (Throwable ignored) {
      // An execution that is no query's, or a fork of Spark.
    }
    write(record);
  }

  private static Object value(Option<?> option) {
    return option != null && option.isDefined() ? option.get() : null;
  }

  // What its plan names -----------------------------------------------------------------------------------------------

  /** The names that a description shows; where it is cut short, the plan itself tells more at the end. */
  private static void named(String plan, Set<String> functions, Set<String> reads, Set<String> writes) {
    boolean python = false;
    boolean writing = false;
    int from = 0;
    int last = plan == null ? 0 : Math.min(plan.length(), PLAN_LIMIT);
    while (from < last) {
      int end = plan.indexOf('\n', from);
      end = end < 0 || end > last ? last : end;
      String line = withoutNumber(withoutTree(plan.substring(from, end)));
      from = end + 1;
      boolean arguments = line.startsWith("Arguments: ");
      if (line.isEmpty()) {
        python = false;
        writing = false;
      } else if (arguments && writing) {
        // Spark 4.0: `Arguments: …Lambda…, rates`.
        writes.add(line.substring(line.lastIndexOf(' ') + 1));
      }
      int word = line.indexOf(' ');
      String node = word < 0 ? line : line.substring(0, word);
      Matcher found = READS.matcher(line);
      if (found.matches()) {
        reads.add(found.group(1));
      }
      found = WRITES.matcher(line);
      if (found.matches()) {
        writing = true;
        writes.add(found.group(1).startsWith("(") ? "" : found.group(1));
      }
      boolean here = !arguments && PYTHON.matcher(node).matches();
      if (here || arguments && python) {
        Matcher call = CALL.matcher(line);
        while (functions.size() < NAMES_LIMIT && call.find()) {
          functions.add(call.group(1));
        }
      }
      python |= here;
    }
  }

  /**
   * What a query that is running names.
   *
   * <p>The description of a batch of a stream has no names of sources, and the queries inside of it are over before the
   * batch is.
   */
  private static void running(long id, Set<String> functions, Set<String> reads, Set<String> writes) {
    try {
      Object plan = SQLExecution.getQueryExecution(id).analyzed();
      marked(plan, functions, reads, writes, new LinkedHashSet<>());
    } catch (Throwable over) {
      // Or another Spark: then its end tells them.
    }
  }

  /**
   * Python functions, Python data sources and tags of an analyzed plan, with the plans in commands and subqueries.
   *
   * <p>Analyzed, because the optimizer makes new nodes without tags and puts what is cached in their place. By
   * reflection: sequences have another type in Scala 2.13.
   */
  private static void marked(
      Object plan, Set<String> functions, Set<String> reads, Set<String> writes, Set<String> tags)
      throws ReflectiveOperationException {
    ClassLoader loader = plan.getClass().getClassLoader();
    Class<?> tree = Class.forName("org.apache.spark.sql.catalyst.trees.TreeNode", false, loader);
    Class<?> plans = Class.forName("org.apache.spark.sql.catalyst.plans.QueryPlan", false, loader);
    Class<?> subquery = Class.forName("org.apache.spark.sql.catalyst.expressions.PlanExpression", false, loader);
    Class<?> name = Class.forName("org.apache.spark.sql.catalyst.trees.TreeNodeTag", true, loader);
    Object tag = name.getConstructor(String.class).newInstance(TAG);
    Method tagOf = tree.getMethod("getTagValue", name);
    Method children = tree.getMethod("children");
    Method inner = tree.getMethod("innerChildren");
    Method expressions = plans.getMethod("expressions");
    Method planOf = subquery.getMethod("plan");
    IdentityHashMap<Object, Object> seen = new IdentityHashMap<>();
    IdentityHashMap<Object, Object> targets = new IdentityHashMap<>();
    ArrayDeque<Object> nodes = new ArrayDeque<>();
    // Behind all plans: the tags of a plan with very many columns come first.
    ArrayDeque<Object> later = new ArrayDeque<>();
    nodes.add(plan);
    while (seen.size() < NODE_LIMIT) {
      Object node = nodes.isEmpty() ? later.poll() : nodes.poll();
      if (node == null) {
        return;
      }
      if (!tree.isInstance(node) || seen.put(node, node) != null) {
        continue;
      }
      try {
        if (plans.isInstance(node)) {
          Object value = value((Option<?>) tagOf.invoke(node, tag));
          if (value instanceof String) {
            for (String step : ((String) value).split(",")) {
              tags.add(step);
            }
          }
          add(nodes, children.invoke(node));
          add(nodes, inner.invoke(node));
          add(later, expressions.invoke(node));
          table(node, reads, writes, targets, nodes);
        } else {
          add(later, children.invoke(node));
          if (subquery.isInstance(node)) {
            nodes.add(planOf.invoke(node));
          }
          String type = node.getClass().getName();
          type = type.substring(type.lastIndexOf('.') + 1);
          if (type.startsWith("Python") || type.endsWith("PythonUDTF")) {
            functions.add(String.valueOf(node.getClass().getMethod("name").invoke(node)));
            Object function = node.getClass().getMethod("func").invoke(node);
            // One function may be in hundreds of columns.
            if (seen.put(function, function) == null) {
              labels(function, functions);
            }
          }
        }
      } catch (ReflectiveOperationException unlike) {
        // A node that says less than others; the rest of the plan goes on.
      }
    }
  }

  /** The texts that a function was pickled with: every lambda has the same name in a plan. */
  private static void labels(Object function, Set<String> functions) throws ReflectiveOperationException {
    Object command = function.getClass().getMethod("command").invoke(function);
    byte[] pickled;
    if (command instanceof byte[]) {
      // Older Sparks.
      pickled = (byte[]) command;
    } else {
      ByteArrayOutputStream copy = new ByteArrayOutputStream();
      scala.collection.Iterator<?> found = ((scala.collection.Iterable<?>) command).iterator();
      while (copy.size() < FUNCTION_LIMIT && found.hasNext()) {
        copy.write((Byte) found.next());
      }
      pickled = copy.toByteArray();
    }
    String text = new String(pickled, StandardCharsets.ISO_8859_1);
    for (int at = text.indexOf(MARK, 2); at > 0; at = text.indexOf(MARK, at + 1)) {
      int end = at + text.charAt(at - 1);
      if (text.charAt(at - 2) == SHORT_TEXT && end <= text.length()) {
        functions.add(text.substring(at + MARK.length(), Math.max(end, at + MARK.length())));
      }
    }
  }

  /** The table that a node reads or writes; one that Python makes has the name of its data source. */
  private static void table(
      Object node,
      Set<String> reads,
      Set<String> writes,
      IdentityHashMap<Object, Object> targets,
      Collection<Object> nodes)
      throws ReflectiveOperationException {
    String type = node.getClass().getName();
    boolean relation = RELATION.matcher(type).matches();
    // A batch of a stream has the relation of its table one level below.
    Object table = called(node, relation && type.endsWith("ScanRelation") ? "relation" : "table");
    if (table == null) {
      return;
    }
    boolean writing = !relation || targets.containsKey(node);
    if (table.getClass().getName().startsWith("org.apache.spark.sql.execution.datasources.v2.python.")) {
      (writing ? writes : reads).add(String.valueOf(called(table, "name")));
      return;
    }
    if (writing) {
      targets.put(table, table);
    }
    nodes.add(table);
  }

  /** What a method without parameters gives; null where there is none of that name. */
  private static Object called(Object object, String name) throws ReflectiveOperationException {
    Method method;
    try {
      method = object.getClass().getMethod(name);
    } catch (NoSuchMethodException none) {
      return null;
    }
    return method.invoke(object);
  }

  private static void add(Collection<Object> nodes, Object sequence) {
    scala.collection.Iterator<?> found = ((scala.collection.Iterable<?>) sequence).iterator();
    for (int i = 0; i < NODE_LIMIT && found.hasNext(); i++) {
      nodes.add(found.next());
    }
  }

  private static void names(StringBuilder record, Set<String> functions, Set<String> reads, Set<String> writes) {
    names(record, "functions", functions);
    names(record, "sourcesRead", reads);
    names(record, "sourcesWritten", writes);
  }

  private static void names(StringBuilder record, String name, Set<String> names) {
    String opening = ",\"" + name + "\":[";
    int count = 0;
    for (String found : names) {
      if (!found.isEmpty() && count++ < NAMES_LIMIT) {
        record.append(opening);
        literal(record, clean(found, NAME_LIMIT));
        opening = ",";
      }
    }
    record.append(count == 0 ? "" : "]");
  }

  // Who this application is -------------------------------------------------------------------------------------------

  private static StringBuilder application(SparkConf conf, String runId, String main) {
    StringBuilder record = record("application", startTime(conf));
    number(record, "format", 1L);
    text(record, "runId", runId);
    text(record, "applicationId", conf.get("spark.app.id", null));
    text(record, "applicationName", hidden(conf.get("spark.app.name", null)));
    text(record, "sparkVersion", sparkVersion());
    text(record, "user", user());
    text(record, "host", host(conf));
    number(record, "pid", pid());
    String directory = System.getProperty("user.dir", "");
    text(record, "workingDirectory", hidden(directory));
    text(record, "main", main);
    known(record, "containerId", System.getenv("CONTAINER_ID"));
    known(record, "clusterId", conf.get("spark.databricks.clusterUsageTags.clusterId", ""));
    known(record, "stepId", emrStep(directory));
    known(record, "jobId", conf.get("spark.databricks.job.id", conf.get("spark.databricks.job.runId", "")));
    return record;
  }

  /** The time of SparkListenerApplicationStart, and so of the agent's START, where Spark tells it this early. */
  private static long startTime(SparkConf conf) {
    try {
      return Long.parseLong(conf.get("spark.app.startTime", ""));
    } catch (NumberFormatException absent) {
      return System.currentTimeMillis();
    }
  }

  private static String sparkVersion() {
    try {
      return org.apache.spark.package$.MODULE$.SPARK_VERSION();
    } catch (Throwable moved) {
      return null;
    }
  }

  private static String user() {
    try {
      return Utils.getCurrentUserName();
    } catch (Throwable moved) {
      return System.getProperty("user.name");
    }
  }

  private static String host(SparkConf conf) {
    try {
      // The kernel's own name: asking InetAddress may wait for a name server.
      byte[] name = Files.readAllBytes(Paths.get("/proc/sys/kernel/hostname"));
      return new String(name, StandardCharsets.UTF_8).trim();
    } catch (Throwable notLinux) {
      return conf.get("spark.driver.host", null);
    }
  }

  private static Long pid() {
    try {
      return Long.valueOf(Files.readSymbolicLink(Paths.get("/proc/self")).toString());
    } catch (Throwable notLinux) {
      try {
        return Long.valueOf(ManagementFactory.getRuntimeMXBean().getName().split("@")[0]);
      } catch (Throwable unknown) {
        return null;
      }
    }
  }

  private static String emrStep(String directory) {
    String given = System.getenv("EMR_STEP_ID");
    if (given != null && !given.isEmpty()) {
      return given;
    }
    Matcher step = EMR_STEP.matcher(directory);
    return step.find() ? step.group(1) : null;
  }

  // The folder --------------------------------------------------------------------------------------------------------

  private static String runId(String text) {
    try {
      String id = text.trim().toLowerCase();
      // UUID.fromString also takes 1-1-1-1-1.
      return UUID.fromString(id).toString().equals(id) ? id : null;
    } catch (IllegalArgumentException notOne) {
      return null;
    }
  }

  /** A UUID of version 7: they sort by time, as the agent's own do. */
  private static String newRunId() {
    UUID random = UUID.randomUUID();
    long high = System.currentTimeMillis() << 16 | 0x7000L | random.getMostSignificantBits() & 0xFFFL;
    return new UUID(high, random.getLeastSignificantBits()).toString();
  }

  private static OutputStream open(Path folder) throws IOException {
    Path file = folder.resolve("witness.ndjson");
    Files.createDirectories(folder.getParent());
    boolean shared = (mode(folder.getParent()) & SETGID) != 0;
    if (!isFolder(folder, shared)) {
      try {
        String permissions = shared ? "rwxrwx---" : "rwx------";
        Files.createDirectory(
            folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
        if (shared) {
          share(folder, file);
        }
      } catch (FileAlreadyExistsException raced) {
        // Another attempt of the same run made it; if it is no folder, opening the file says so.
      }
    }
    try {
      Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (FileAlreadyExistsException again) {
      // An earlier SparkContext of the same run.
    }
    return new FileOutputStream(file.toFile(), true);
  }

  /** Where anybody may make folders, one of somebody else's that waits for this run is not written to. */
  private static boolean isFolder(Path folder, boolean shared) throws IOException {
    if (!shared) {
      return Files.isDirectory(folder);
    }
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    Object owner = Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
        || !owner.equals(Files.getAttribute(Paths.get("/proc/self"), "unix:uid"))) {
      throw new IOException("not ours");
    }
    return true;
  }

  /**
   * Gives what has just been made to the group of the spool, whatever the umask.
   *
   * <p>All files are made here, before the mode of the folder changes: for a user outside of that group, chmod takes
   * the setgid bit away, and with it the group of later files.
   */
  private static void share(Path folder, Path witness) throws IOException {
    Path[] files = {witness, folder.resolve("agent.ndjson"), folder.resolve("steps.ndjson")};
    for (Path file : files) {
      Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.setAttribute(file, "unix:mode", SHARED_FILE);
    }
    if ((mode(folder) & 07777) != SHARED_FOLDER) {
      Files.setAttribute(folder, "unix:mode", SHARED_FOLDER);
    }
  }

  private static int mode(Path path) {
    try {
      return (Integer) Files.getAttribute(path, "unix:mode");
    } catch (Throwable notUnix) {
      return 0;
    }
  }

  /** The agent clones this SparkConf in its own constructor, which comes after ours. */
  private static void handOver(SparkConf conf, String runId, Path folder) {
    conf.set(RUN_ID, runId);
    conf.set(JOURNAL, folder.toString());
    // On YARN and Kubernetes the agent hears of the application before the SparkContext is there to be asked for its
    // name, and calls it `unknown` for good. On Databricks it makes names of its own.
    String name = conf.get("spark.app.name", "");
    if (!conf.contains(NAME) && !name.isEmpty() && !conf.contains("spark.databricks.clusterUsageTags.clusterId")) {
      conf.set(NAME, name);
    }
    if (!conf.contains(TRANSPORT)) {
      conf.set(TRANSPORT, "file");
      conf.set(LOCATION, folder.resolve("agent.ndjson").toString());
    }
  }

  // How it ends -------------------------------------------------------------------------------------------------------

  /** The JVM's shutdown hook. */
  @Override
  public void run() {
    try {
      Witness last = last();
      if (last != null && last.out != null) {
        last.write(last.exit());
      }
    } catch (Throwable ignored) {
    }
  }

  /** The main thread dies; what the JVM does of its own then is done here. */
  @Override
  public void uncaughtException(Thread thread, Throwable failure) {
    uncaught = failure;
    thread.getThreadGroup().uncaughtException(thread, failure);
  }

  /** A record of the logger of System.exit, which stays as silent as it was. */
  @Override
  public boolean isLoggable(LogRecord record) {
    try {
      String message = record.getMessage();
      if (message.startsWith(EXIT_MESSAGE)) {
        exitStatus = Long.valueOf(message.substring(EXIT_MESSAGE.length()));
      }
      return record.getLevel().intValue() >= Level.INFO.intValue();
    } catch (Throwable ignored) {
      return true;
    }
  }

  private static synchronized Witness last() {
    return latest;
  }

  /** One hook for all SparkContexts of the JVM; it speaks for the last. */
  private static synchronized void succeed(Witness witness, Thread main) {
    Witness before = latest;
    latest = witness;
    try {
      if (main != null && !"yarn".equals(witness.main) && main.getUncaughtExceptionHandler() == main.getThreadGroup()) {
        main.setUncaughtExceptionHandler(witness);
      }
    } catch (Throwable ignored) {
      // It may have ended meanwhile.
    }
    try {
      if (before == null) {
        Runtime.getRuntime().addShutdownHook(new Thread(witness, "sparklineage-exit"));
        Logger logger = Logger.getLogger(EXIT_LOGGER);
        if (logger.getLevel() == null && logger.getFilter() == null) {
          logger.setFilter(witness);
          logger.setLevel(Level.FINE);
          exitLogger = logger;
        }
      } else if (before.out != null) {
        StringBuilder record = record("exit", System.currentTimeMillis());
        text(record, "how", "continued");
        before.write(record);
      }
    } catch (Throwable ignored) {
      // Too late for a hook, or nowhere to write to.
    }
  }

  private static Thread mainThread() {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      ThreadGroup group = thread.getThreadGroup();
      if ("main".equals(thread.getName()) && group != null && "main".equals(group.getName())) {
        return thread;
      }
    }
    return null;
  }

  private static String kind(Thread main) {
    StackTraceElement[] frames = main == null ? new StackTraceElement[0] : main.getStackTrace();
    for (StackTraceElement frame : frames) {
      String name = frame.getClassName();
      if (name.startsWith("org.apache.spark.deploy.PythonRunner")) {
        return "python";
      } else if (name.startsWith("org.apache.spark.api.python.PythonGatewayServer")) {
        return "gateway";
      } else if (name.startsWith("org.apache.spark.deploy.yarn.ApplicationMaster")) {
        return "yarn";
      }
    }
    return "java";
  }

  /** What Java itself waits with for the end of the one process that this JVM has started; Spark opens java.lang. */
  private static CompletableFuture<?> onlyChild() {
    try {
      Field field = Class.forName("java.lang.ProcessHandleImpl").getDeclaredField("completions");
      field.setAccessible(true);
      Object[] children = ((Map<?, ?>) field.get(null)).values().toArray();
      return children.length == 1 ? (CompletableFuture<?>) children[0] : null;
    } catch (Throwable moved) {
      return null;
    }
  }

  /** Null where it is not known. */
  private Long status() {
    Long status = exitStatus;
    if (status == null && python != null) {
      Object ended = python.getNow(null);
      status = ended instanceof Integer ? Long.valueOf((Integer) ended) : null;
    }
    return status;
  }

  /** Who stops the SparkContext, which waits for its listeners meanwhile; null where that cannot be seen. */
  private static String stoppedBy() {
    for (Map.Entry<Thread, StackTraceElement[]> entry : Thread.getAllStackTraces().entrySet()) {
      String who = null;
      for (StackTraceElement frame : entry.getValue()) {
        String name = frame.getClassName();
        if (name.equals("org.apache.spark.SparkContext") && frame.getMethodName().startsWith("stop")) {
          who = "stop-spark-context".equals(entry.getKey().getName()) ? "spark" : "application";
        } else if (who != null && name.startsWith("org.apache.spark.scheduler.cluster.YarnClientSchedulerBackend")) {
          return "yarn";
        } else if (who != null && name.startsWith("org.apache.spark.scheduler.cluster.StandaloneSchedulerBackend")) {
          return "standalone";
        } else if (who != null && name.startsWith("org.apache.spark.util.SparkShutdownHook")) {
          return "shutdownHook";
        }
      }
      if (who != null) {
        return who;
      }
    }
    return null;
  }

  private StringBuilder exit() {
    StringBuilder record = record("exit", System.currentTimeMillis());
    if ("yarn".equals(main)) {
      yarn(record);
    }
    for (Map.Entry<Thread, StackTraceElement[]> entry : Thread.getAllStackTraces().entrySet()) {
      StackTraceElement[] frames = entry.getValue();
      int end = exitFrame(frames);
      if (end < 0) {
        continue;
      }
      String name = entry.getKey().getName();
      if (name.startsWith("SIG") && name.endsWith(" handler")) {
        text(record, "how", "signal");
        text(record, "signal", name.substring(0, name.length() - " handler".length()));
      } else if ("shutdown".equals(frames[end].getMethodName())) {
        Throwable failure = uncaught;
        text(record, "how", failure == null ? "returned" : "exception");
        if (failure != null) {
          text(record, "error", clean(message(failure), ERROR_LIMIT));
          text(record, "stackTrace", clean(trace(failure), ERROR_LIMIT));
        }
      } else {
        exitedBy(record, frames, end);
      }
      return record;
    }
    text(record, "how", "unknown");
    return record;
  }

  /** Where the thread that runs the hooks entered java.lang.Shutdown; -1 for every other thread. */
  private static int exitFrame(StackTraceElement[] frames) {
    boolean runsHooks = false;
    for (int i = 0; i < frames.length; i++) {
      if ("java.lang.Shutdown".equals(frames[i].getClassName())) {
        String method = frames[i].getMethodName();
        runsHooks |= "runHooks".equals(method);
        if (runsHooks && ("exit".equals(method) || "shutdown".equals(method))) {
          return i;
        }
      }
    }
    return -1;
  }

  /** The first who is no part of Java or Scala has called System.exit. */
  private void exitedBy(StringBuilder record, StackTraceElement[] frames, int end) {
    boolean inMain = false;
    String caller = null;
    for (int i = end + 1; i < frames.length; i++) {
      String name = frames[i].getClassName();
      if ("java.lang.Terminator".equals(name) || name.startsWith("java.lang.Terminator$")) {
        text(record, "how", "signal");
        text(record, "signal", null);
        return;
      }
      boolean runtime = name.startsWith("java.") || name.startsWith("jdk.") || name.startsWith("scala.");
      // SparkSubmit ends through a function of a trait of its own.
      if (caller == null && !runtime && !name.startsWith("org.apache.spark.util.CommandLine")) {
        caller = name;
      }
      inMain |= name.startsWith("org.apache.spark.deploy.SparkSubmit") && frames[i].getMethodName().endsWith("runMain");
    }
    if (caller != null && caller.startsWith("org.apache.spark.deploy.SparkSubmit")) {
      // Out of runMain also where all is well (spark.submit.callSystemExitOnMainExit); else only because it failed.
      text(record, "how", inMain ? "submitEnded" : "submitFailed");
    } else if (caller != null && caller.startsWith("org.apache.spark.api.python.PythonGatewayServer")) {
      text(record, "how", "gateway");
    } else {
      text(record, "how", "exit");
    }
    text(record, "caller", caller);
    if (!"yarn".equals(main)) {
      number(record, "exitStatus", status());
    }
  }

  /** What the driver in a container of YARN's has told YARN. */
  private static void yarn(StringBuilder record) {
    try {
      Class<?> type = Class.forName("org.apache.spark.deploy.yarn.ApplicationMaster$");
      Object module = type.getField("MODULE$").get(null);
      Object master = type.getMethod(type.getName().replace('.', '$') + "$master").invoke(module);
      // In this order: all else is set before it is finished.
      if (Boolean.TRUE.equals(field(master, "finished"))) {
        text(record, "finalStatus", String.valueOf(field(master, "finalStatus")));
        number(record, "exitStatus", ((Integer) field(master, "exitCode")).longValue());
        Object message = field(master, "finalMsg");
        text(record, "message", message == null ? null : clean(message.toString(), ERROR_LIMIT));
      }
    } catch (Throwable moved) {
      // Of another Spark: what is known without it is recorded.
    }
  }

  private static Object field(Object object, String name) throws ReflectiveOperationException {
    Field field = object.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(object);
  }

  // Texts -------------------------------------------------------------------------------------------------------------

  /** Spark's exceptions speak for themselves; of others, the class name is half the message. */
  private static String message(Throwable failure) {
    if (failure == null) {
      return "failed without an exception";
    }
    String message = failure.getMessage();
    boolean ofSpark = failure.getClass().getName().startsWith("org.apache.spark.");
    return ofSpark && message != null && !message.trim().isEmpty() ? message : failure.toString();
  }

  private static String trace(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text, true));
    return text.toString();
  }

  /** What the query does: `Execute InsertIntoHadoopFsRelationCommand (4)`. */
  private static String command(String plan) {
    if (plan == null) {
      return null;
    }
    String adaptive = null;
    int from = Math.max(0, plan.indexOf("== Physical Plan =="));
    while (from < plan.length()) {
      int end = plan.indexOf('\n', from);
      end = end < 0 ? plan.length() : end;
      String line = withoutTree(plan.substring(from, Math.min(end, from + COMMAND_LIMIT + MASK_MARGIN)));
      from = end + 1;
      if (line.isEmpty() || line.startsWith("==")) {
        continue;
      }
      if (adaptive != null) {
        return line.startsWith("Execute") ? line : adaptive;
      }
      if (!line.startsWith("AdaptiveSparkPlan")) {
        return line;
      }
      // With adaptive execution a command is the second line.
      adaptive = line;
    }
    return adaptive;
  }

  /** `   +- *(2) Project` → `Project`. */
  private static String withoutTree(String line) {
    int start = 0;
    while (start < line.length() && " \t+-:*|".indexOf(line.charAt(start)) >= 0) {
      start++;
      if (line.startsWith("*(", start - 1)) {
        start = line.indexOf(')', start) + 1;
        if (start == 0) {
          return "";
        }
      }
    }
    return line.substring(start).trim();
  }

  /** `(4) BatchScan rates` → `BatchScan rates`. */
  private static String withoutNumber(String line) {
    int end = line.startsWith("(") ? line.indexOf(") ") : -1;
    for (int i = 1; i < end; i++) {
      if (!Character.isDigit(line.charAt(i))) {
        return line;
      }
    }
    return end < 0 ? line : line.substring(end + 2);
  }

  private static String clean(String text, int limit) {
    if (text == null) {
      return null;
    }
    String clean = hidden(cut(text, limit + MASK_MARGIN));
    for (Pattern secret : SECRETS) {
      clean = secret.matcher(clean).replaceAll(MASK);
    }
    return cut(clean, limit);
  }

  /** The text without the values of environment variables that are secret by their names. */
  private static String hidden(String text) {
    String hidden = text;
    for (int i = 0; hidden != null && i < LITERALS.length; i++) {
      hidden = hidden.replace(LITERALS[i], "********");
    }
    return hidden;
  }

  /** The longest first, so that none is cut in two by another that is a part of it. */
  private static String[] literals() {
    try {
      TreeMap<String, String> found = new TreeMap<>();
      for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
        String name = variable.getKey();
        String value = variable.getValue().trim();
        boolean path = value.startsWith("/") && name.toUpperCase(Locale.ROOT).endsWith("CREDENTIALS");
        if (value.length() >= 6 && !path && SECRET_VARIABLE.matcher(name).find()) {
          found.put(String.format("%08d", 99_999_999 - value.length()) + value, value);
        }
      }
      return found.values().toArray(new String[0]);
    } catch (Throwable denied) {
      return new String[0];
    }
  }

  private static String cut(String text, int limit) {
    if (text.length() <= limit) {
      return text;
    }
    return text.substring(0, Character.isHighSurrogate(text.charAt(limit - 1)) ? limit - 1 : limit);
  }

  // Records -----------------------------------------------------------------------------------------------------------

  private static StringBuilder record(String type, long time) {
    StringBuilder record = new StringBuilder(256);
    record.append("{\"type\":\"").append(type).append('"');
    number(record, "time", time);
    return record;
  }

  private static void number(StringBuilder record, String name, Long value) {
    record.append(",\"").append(name).append("\":").append(value);
  }

  private static void known(StringBuilder record, String name, String value) {
    if (value != null && !value.isEmpty()) {
      text(record, name, value);
    }
  }

  private static void text(StringBuilder record, String name, String value) {
    record.append(",\"").append(name).append("\":");
    if (value == null) {
      record.append("null");
    } else {
      literal(record, value);
    }
  }

  private static void literal(StringBuilder record, String value) {
    record.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        record.append('\\').append(c);
      } else if (c == '\n') {
        record.append("\\n");
      } else if (c == '\t') {
        record.append("\\t");
      } else if (c < 0x20 || c == 0x7f) {
        record.append(String.format("\\u%04x", (int) c));
      } else if (!Character.isSurrogate(c)) {
        record.append(c);
      } else if (i + 1 < value.length() && Character.isSurrogatePair(c, value.charAt(i + 1))) {
        record.append(c).append(value.charAt(++i));
      } else {
        record.append('\ufffd'); // Half a character has no UTF-8.
      }
    }
    record.append('"');
  }

  /** One line in one write, so that a reader and a second writer never see a part of it. */
  private synchronized void write(StringBuilder record) throws IOException {
    byte[] line = record.insert(0, torn ? "\n" : "").append("}\n").toString().getBytes(StandardCharsets.UTF_8);
    torn = true;
    out.write(line);
    torn = false;
  }
}
