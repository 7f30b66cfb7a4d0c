// DuckDB doing the same work on one thread, as a whole process: node peer-duckdb.mjs ingest|merge ...
import { DuckDBInstance } from '@duckdb/node-api';
import { COLUMNS } from './data.mjs';

const [work, ...files] = process.argv.slice(2);
const db = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await db.connect();
const types = { string: 'VARCHAR', int: 'INTEGER' };
const typed = Object.entries(COLUMNS).map(
  ([name, type]) => `'${name}': '${types[type] ?? type.toUpperCase()}'`,
);
const text = path => `'${path.replaceAll("'", "''")}'`;

if (work === 'ingest') {
  const [csv, out] = files;
  await connection.run(
    `COPY (SELECT * FROM read_csv(${text(csv)}, header = true, columns = {${typed.join(', ')}}))
     TO ${text(out)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`,
  );
} else {
  const [table, changes, out] = files;
  await connection.run(
    `CREATE TEMP TABLE changes AS SELECT * FROM
       read_csv(${text(changes)}, header = false, columns = {'op': 'VARCHAR', ${typed.join(', ')}})`,
  );
  await connection.run(
    `COPY (SELECT * FROM read_parquet(${text(table)}) WHERE id NOT IN (SELECT id FROM changes)
           UNION ALL BY NAME SELECT * EXCLUDE (op) FROM changes WHERE op <> 'D' ORDER BY id)
     TO ${text(out)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`,
  );
}
