// Trino's configuration: Athena's catalogue over Glue and S3, with Athena's limits where Trino has a setting for them.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** CTAS and INSERT write to so many partitions at most (Athena: docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html). */
const PARTITIONS_PER_WRITE_MAX = 100;

const properties = entries =>
  Object.entries(entries)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

function server({ port, plugins, catalogs }) {
  return {
    coordinator: true,
    'node-scheduler.include-coordinator': true,
    'http-server.http.port': port,
    'discovery.uri': `http://127.0.0.1:${port}`,
    'catalog.management': 'static',
    'catalog.config-dir': catalogs,
    'plugin.dir': plugins,
    // One writer: the limit of partitions holds for each writer, Athena's for the whole statement.
    'task.min-writer-count': 1,
    'task.max-writer-count': 1,
    'scale-writers': false,
    'query.max-memory': '400MB',
    'query.max-memory-per-node': '400MB',
  };
}

const glueAndS3 = aws => ({
  'hive.metastore.glue.region': 'us-east-1',
  'hive.metastore.glue.endpoint-url': aws,
  'hive.metastore.glue.aws-access-key': 'test',
  'hive.metastore.glue.aws-secret-key': 'test',
  'hive.metastore.glue.catalogid': '123456789012',
  'fs.native-s3.enabled': true,
  's3.endpoint': aws,
  's3.region': 'us-east-1',
  's3.path-style-access': true,
  's3.aws-access-key': 'test',
  's3.aws-secret-key': 'test',
});

/** Athena's name for the catalogue of both kinds of table; Iceberg ones are redirected to `iceberg`. */
const hive = aws => ({
  'connector.name': 'hive',
  'hive.metastore': 'glue',
  ...glueAndS3(aws),
  'hive.iceberg-catalog-name': 'iceberg',
  'hive.non-managed-table-writes-enabled': true,
  'hive.partition-projection-enabled': true,
  'hive.allow-register-partition-procedure': true,
  'hive.storage-format': 'PARQUET',
  'hive.security': 'allow-all',
  'hive.max-partitions-per-writers': PARTITIONS_PER_WRITE_MAX,
  'hive.table-statistics-enabled': false,
  'hive.collect-column-statistics-on-write': false,
});

const iceberg = aws => ({
  'connector.name': 'iceberg',
  'iceberg.catalog.type': 'glue',
  ...glueAndS3(aws),
  'iceberg.hive-catalog-name': 'awsdatacatalog',
  'iceberg.register-table-procedure.enabled': true,
  'iceberg.add-files-procedure.enabled': true,
  'iceberg.max-partitions-per-writer': PARTITIONS_PER_WRITE_MAX,
  // Tests play foreign writers that expire snapshots and remove orphans made a second ago.
  'iceberg.expire-snapshots.min-retention': '0s',
  'iceberg.remove-orphan-files.min-retention': '0s',
  'iceberg.unique-table-location': false,
});

/** Writes the configuration of a Trino on `port` over the AWS at `aws` into `folder`, anew. */
export async function configure(folder, { port, plugins, aws }) {
  const catalogs = join(folder, 'catalog');
  await rm(folder, { recursive: true, force: true });
  await mkdir(catalogs, { recursive: true });
  await Promise.all([
    writeFile(join(folder, 'config.properties'), properties(server({ port, plugins, catalogs }))),
    writeFile(join(folder, 'log.properties'), 'io.trino=WARN\nio.airlift=WARN\nBootstrap=WARN\norg=WARN\n'),
    writeFile(join(catalogs, 'awsdatacatalog.properties'), properties(hive(aws))),
    writeFile(join(catalogs, 'iceberg.properties'), properties(iceberg(aws))),
  ]);
}
