import io.openlineage.client.dataset.DatasetConfig;
import io.openlineage.client.utils.DatasetIdentifier;
import io.openlineage.client.utils.filesystem.FilesystemDatasetUtils;
import io.openlineage.client.utils.jdbc.JdbcDatasetUtils;
import java.util.Properties;
import org.apache.hadoop.fs.Path;

/** Prints the agent's namespace and name, tab-separated, for each argument: a path, or a JDBC URL, a # and a table. */
public class AgentNames {
  public static void main(String[] uris) throws Exception {
    for (String uri : uris) {
      int table = uri.lastIndexOf('#');
      DatasetIdentifier dataset =
          uri.toLowerCase().startsWith("jdbc:")
              ? JdbcDatasetUtils.getDatasetIdentifier(
                  uri.substring(0, table), uri.substring(table + 1), new Properties())
              : FilesystemDatasetUtils.fromLocation(new Path(uri).toUri());
      // The last thing that it does to the names of an event.
      dataset = dataset.withTrimmedName(DatasetConfig.defaultConfig().getDatasetNameTrimmers());
      System.out.println(dataset.getNamespace() + "\t" + dataset.getName());
    }
  }
}
