import io.openlineage.client.dataset.DatasetConfig;
import io.openlineage.client.utils.DatasetIdentifier;
import io.openlineage.client.utils.SnowflakeUtils;
import io.openlineage.client.utils.filesystem.FilesystemDatasetUtils;
import io.openlineage.client.utils.jdbc.JdbcDatasetUtils;
import io.openlineage.spark.agent.vendor.snowflake.SnowflakeTable;
import java.util.Properties;
import org.apache.hadoop.fs.Path;

/**
 * Prints the agent's namespace and name, tab-separated, for each argument: a path, or a JDBC URL, a # and a table, or
 * snowflake://host/database/schema/table.
 */
public class AgentNames {
  public static void main(String[] uris) throws Exception {
    for (String uri : uris) {
      int table = uri.lastIndexOf('#');
      DatasetIdentifier dataset =
          uri.startsWith(SnowflakeUtils.SNOWFLAKE_NAMESPACE_PREFIX)
              ? snowflake(uri.substring(SnowflakeUtils.SNOWFLAKE_NAMESPACE_PREFIX.length()).split("/"))
              : uri.toLowerCase().startsWith("jdbc:")
              ? JdbcDatasetUtils.getDatasetIdentifier(
                  uri.substring(0, table), uri.substring(table + 1), new Properties())
              : FilesystemDatasetUtils.fromLocation(new Path(uri).toUri());
      // The last thing that it does to the names of an event.
      dataset = dataset.withTrimmedName(DatasetConfig.defaultConfig().getDatasetNameTrimmers());
      System.out.println(dataset.getNamespace() + "\t" + dataset.getName());
    }
  }

  /** As its SnowflakeDataset does; the connector writes https:// in front of the host. */
  private static DatasetIdentifier snowflake(String[] parts) {
    return new DatasetIdentifier(
        SnowflakeTable.getQualifiedName(parts[1], parts[2], parts[3]),
        SnowflakeUtils.SNOWFLAKE_NAMESPACE_PREFIX
            + SnowflakeUtils.parseAccountIdentifier("https://" + parts[0]));
  }
}
