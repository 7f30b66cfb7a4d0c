import { memoryStore } from '../../lib/adapters/memory/object-store';
import { catalogOverStore } from '../../lib/adapters/store-catalog';
import { columnFromScalars } from '../../lib/columnar/kernels';
import { icebergTypeOf } from '../../lib/columnar/type-map';
import type { PrimitiveType, Scalar } from '../../lib/columnar/types';
import {
  currentSchema,
  defaultSpec,
  formatMetadata,
  newMetadata,
  parseMetadata,
  type TableMetadata,
} from '../../lib/iceberg/metadata';
import { partitionSpec } from '../../lib/iceberg/partition';
import type { Catalog, Pointer, StagingCatalog } from '../../lib/ports/catalog';
import type { LakePorts } from '../../lib/ports/lake-ports';
import type { ResultColumn, Statement } from '../../lib/ports/query-engine';
import { daysOf } from '../../lib/table/columns';
import { commit } from '../../lib/table/commit';
import { writeFiles } from '../../lib/table/write-files';
import type { Execution } from './memory-jobs';

/** What the SELECT of a report gives for a date; asked when a statement runs, not when it was written. */
export interface Answer {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Scalar[])[];
}

export const DATABASES = { lake: 'lake', staging: 'lake_staging' };

/** Entries in a store of their own: the staging database is another. */
export function memoryStaging(): StagingCatalog {
  const entries = memoryStore('mem://staging');
  return {
    ...catalogOverStore(entries),
    async forget(table) {
      const keys: string[] = [];
      for await (const { key } of entries.list(`${table}/`)) keys.push(key);
      for (const key of keys) await entries.delete(key);
    },
  };
}

/**
 * Runs the statements of reports as an engine would that knows nothing of us: names, types and partitioning are taken
 * from the SQL, rows from `answer`, and each write lands in one commit of its own.
 */
export function reportEngine(
  ports: LakePorts,
  staging: Catalog,
  answer: (date: string | undefined, statement: Statement) => Answer,
): (statement: Statement) => Promise<Execution> {
  const catalogs = new Map([
    [DATABASES.lake, ports.catalog],
    [DATABASES.staging, staging],
  ]);
  return async statement => {
    const { sql, params = [] } = statement;
    if (/ LIMIT 0$/.test(sql)) {
      return { rows: { columns: answer(undefined, statement).columns, rows: [] } };
    }
    const date = String(params.at(-1));
    const { rows } = answer(date, statement);
    const [, verb, database, table] = /^(CREATE TABLE|INSERT INTO) "(\w+)"\."(\w+)" /.exec(sql)!;
    const write: Write = {
      ports: { ...ports, catalog: catalogs.get(database!)! },
      table: table!,
      date,
      rows,
    };
    const columns = columnsOf(sql);
    if (verb === 'INSERT INTO') return { land: () => insert(write, columns) };
    const location = /location = '([^']*)'/.exec(sql)![1]!;
    if (!/partitioning = ARRAY\['report_date'\]/.test(sql)) throw new Error('not partitioned');
    for await (const { key } of ports.store.list(`${ports.store.keyOf(location)}/`)) {
      throw new Error(`Cannot create a table on a non-empty location: ${location}, it has ${key}`);
    }
    // Written while it runs, and left there if it fails.
    await ports.store.putIfAbsent(
      `${ports.store.keyOf(location)}/data/${ports.ids.fresh()}`,
      Buffer.from('left'),
    );
    return { land: () => create(write, columns, location) };
  };
}

interface Write {
  readonly ports: LakePorts;
  readonly table: string;
  readonly date: string;
  readonly rows: readonly (readonly Scalar[])[];
}

/** The columns that a SELECT of casts gives. */
function columnsOf(sql: string): { name: string; type: PrimitiveType }[] {
  const casts = sql.matchAll(/CAST\((?:q\."[^"]+"|\?) AS ([a-z]+(?:\([\d,]+\))?)\) AS "([^"]+)"/g);
  return Array.from(casts, ([, type, name]) => ({ name: name!, type: icebergTypeOf(type!)! }));
}

async function create(
  write: Write,
  columns: readonly { name: string; type: PrimitiveType }[],
  location: string,
): Promise<void> {
  const { ports, table } = write;
  const fields = columns.map((c, i) => ({ id: i + 1, ...c, required: false }));
  const empty = newMetadata({
    uuid: ports.ids.fresh(),
    location,
    schema: { 'schema-id': 0, fields, identifierFieldIds: [] },
    spec: partitionSpec([{ column: 'report_date', transform: 'identity' }], fields),
    properties: {},
    now: ports.clock.now(),
  });
  const scratch = scratchCatalog(empty, ports.store.uri(`${table}/metadata/scratch`));
  await insert({ ...write, ports: { ...ports, catalog: scratch } }, columns);
  const { metadata } = (await scratch.load(table))!;
  if (!(await ports.catalog.create(table, metadata)).swapped)
    throw new Error(`table ${table} already exists`);
}

/** A table that nobody else sees yet. */
function scratchCatalog(first: TableMetadata, uri: string): Catalog {
  let pointer: Pointer = { version: 1, uri };
  let metadata = formatMetadata(first);
  return {
    load: async () => ({ pointer, metadata }),
    create: async () => ({ swapped: false }),
    async swap(_, base, next) {
      pointer = { version: base.version + 1, uri: `${uri}-${base.version + 1}` };
      metadata = next;
      return { swapped: true, pointer };
    },
    list: async () => [],
  };
}

const LIMITS = { rowGroupRowsMax: 1000, rowGroupBytesMax: 1 << 20, fileBytesMax: 1 << 20 };

/** No rows, no commit. Another's commit in between is one to stand on. */
async function insert(write: Write, columns: readonly { name: string }[]): Promise<void> {
  const { ports, table, date, rows } = write;
  if (rows.length === 0) return;
  for (;;) {
    const found = await ports.catalog.load(table);
    if (!found) throw new Error(`table ${table} does not exist`);
    const metadata = parseMetadata(found.metadata);
    const fields = [...currentSchema(metadata).fields];
    const cell = (name: string, row: readonly Scalar[]) => {
      if (name === 'report_date') return daysOf(date);
      const at = columns.findIndex(c => c.name === name);
      return at < 0 ? null : (row[at] ?? null);
    };
    const batch = {
      length: rows.length,
      fields,
      columns: fields.map(f =>
        columnFromScalars(
          f.type,
          rows.map(row => cell(f.name, row)),
        ),
      ),
    };
    const place = {
      folder: `${ports.store.keyOf(metadata.location)}/data`,
      fields,
      specId: defaultSpec(metadata)['spec-id'],
      partition: [daysOf(date)],
      sortOrderId: null,
    };
    const once = async function* () {
      yield batch;
    };
    const added = await writeFiles(ports, place, once(), LIMITS);
    const open = { name: table, pointer: found.pointer, metadata };
    const done = await commit(ports, open, { operation: 'append', added, removed: new Set(), summary: {} });
    if (done.committed) return;
  }
}
