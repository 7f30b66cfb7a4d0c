import { mkdir, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type {
  DuckDBConnection,
  DuckDBInstance,
  DuckDBPreparedStatement,
  DuckDBResult,
  DuckDBScalarFunction,
} from '@duckdb/node-api';
import type {
  Cell,
  Query,
  ResultColumn,
  RowStream,
  Rows,
  Statement,
  WritingEngine,
} from '../../ports/query-engine';
import { queryFailed } from '../../query/errors';
import { quoteName, quotePath, quoteText } from '../../query/quote';
import { cellsOf } from './duckdb-cells';
import { syncFolder } from './durable';

export interface DuckDbOptions {
  /** As DuckDB writes sizes. Beyond it, sorts and joins go to tempFolder. */
  readonly memoryLimit?: string;
  readonly threads?: number;
  readonly tempFolder?: string;
  /** If given, SQL reads and writes files below these folders only, and no network. */
  readonly folders?: readonly string[];
  /** Functions of ours that SQL may call, made of the module's classes. */
  readonly functions?: (duckdb: DuckDbModule) => readonly DuckDBScalarFunction[];
  /** What has been read is kept in memory for the next statement. Default: true. */
  readonly keepsRead?: boolean;
}

export type DuckDbModule = typeof import('@duckdb/node-api');

/** Our own row groups are as large. */
const ROW_GROUP_ROWS = 122_880;

/**
 * DuckDB within this process, in memory. The module costs 0.3 s to load, so it is loaded here and not before; nothing
 * is ever downloaded.
 */
export async function openDuckDb(options: DuckDbOptions = {}): Promise<WritingEngine> {
  const duckdb = await import('@duckdb/node-api');
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    memory_limit: options.memoryLimit ?? '1GB',
    ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
    ...(options.tempFolder === undefined ? {} : { temp_directory: options.tempFolder }),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    enable_external_file_cache: String(options.keepsRead ?? true),
  });
  const setUp = await instance.connect();
  await setUp.run("SET GLOBAL TimeZone = 'UTC'");
  for (const made of options.functions?.(duckdb) ?? []) setUp.registerScalarFunction(made);
  await confine(setUp, options.folders);
  setUp.closeSync();
  const sessions = new Sessions(instance);
  const whole = (query: Query) => sessions.run(query, connection => rows(connection, query));
  return {
    rows: whole,
    stream: query => sessions.stream(query),
    describe: query => sessions.run(query, connection => describe(connection, query)),
    readsOnly: query => sessions.run(query, connection => readsOnly(connection, query.sql)),
    async writeParquet({ fields, folder, ...query }) {
      const file = join(folder, 'part-0.parquet');
      const ids = fields.map(f => `${quoteName(f.name)}: ${f.id}`).join(', ');
      const form = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, FIELD_IDS {${ids}}`;
      await mkdir(folder, { recursive: true });
      const sql = `COPY (${query.sql}\n) TO ${quoteText(file)} (${form})`;
      const written = await whole({ ...query, sql });
      if (Number(written.rows[0]?.[0]) > 0) {
        await makeDurable(file);
        return [file];
      }
      await unlink(file);
      return [];
    },
    async close() {
      sessions.close();
      instance.closeSync();
    },
  };
}

/**
 * A connection for each statement: DuckDB ends an answer, without a word, when its connection is given another, and
 * views stand in a connection for whoever uses it.
 */
class Sessions {
  private readonly open = new Set<DuckDBConnection>();

  constructor(private readonly instance: DuckDBInstance) {}

  async run<T>(query: Query, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.begin(query);
    try {
      return await work(connection);
    } finally {
      this.end(connection);
    }
  }

  async stream(query: Query): Promise<RowStream> {
    const connection = await this.begin(query);
    try {
      const { columns, batches } = await stream(connection, query);
      return { columns, batches: this.untilRead(connection, batches) };
    } catch (error) {
      this.end(connection);
      throw error;
    }
  }

  /** Ends all that is under way. */
  close(): void {
    for (const connection of [...this.open]) this.end(connection);
  }

  private async begin({ views = [] }: Query): Promise<DuckDBConnection> {
    const connection = await this.instance.connect();
    this.open.add(connection);
    try {
      for (const { name, sql } of views) {
        await attempt(() => connection.run(`CREATE TEMP VIEW ${quoteName(name)} AS ${sql}`));
      }
      return connection;
    } catch (error) {
      this.end(connection);
      throw error;
    }
  }

  private async *untilRead<T>(connection: DuckDBConnection, batches: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      for await (const batch of batches) {
        yield batch;
        // Closed under a reader, DuckDB would go on to answer, or end as if that were all.
        if (!this.open.has(connection)) throw queryFailed('the engine was closed', undefined);
      }
    } finally {
      this.end(connection);
    }
  }

  private end(connection: DuckDBConnection): void {
    if (this.open.delete(connection)) connection.closeSync();
  }
}

async function confine(connection: DuckDBConnection, folders: readonly string[] | undefined): Promise<void> {
  if (!folders) return;
  const below = folders.map(f => (f.endsWith('/') ? f : `${f}/`));
  // A file is looked for by its pattern first, and that is checked too.
  const list = below.flatMap(f => [quoteText(f), quotePath(f)]).join(', ');
  await connection.run(`SET allowed_directories = [${list}]`);
  await connection.run('SET enable_external_access = false');
}

/** DuckDB does not sync what it writes: a power cut would leave a commit that names an empty file. */
async function makeDurable(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  const folder = dirname(file);
  for (const holder of [folder, dirname(folder), dirname(dirname(folder))]) await syncFolder(holder);
}

async function rows(connection: DuckDBConnection, statement: Statement): Promise<Rows> {
  const answer = await stream(connection, statement);
  const all: (readonly Cell[])[] = [];
  for await (const batch of answer.batches) for (const row of batch) all.push(row);
  return { columns: answer.columns, rows: all };
}

async function stream(connection: DuckDBConnection, statement: Statement): Promise<RowStream> {
  const result = await attempt(() => connection.stream(statement.sql, [...(statement.params ?? [])]));
  const types = result.columnTypes();
  const columns = result.columnNames().map((name, i) => ({ name, type: String(types[i]) }));
  return { columns, batches: batchesOf(result) };
}

async function* batchesOf(result: DuckDBResult): AsyncGenerator<readonly (readonly Cell[])[]> {
  for (;;) {
    const chunk = await attempt(() => result.fetchChunk());
    if (!chunk || chunk.rowCount === 0) return;
    yield cellsOf(chunk.getRows());
  }
}

async function describe(
  connection: DuckDBConnection,
  statement: Statement,
): Promise<readonly ResultColumn[]> {
  const prepared: DuckDBPreparedStatement = await attempt(() => connection.prepare(statement.sql));
  try {
    return Array.from({ length: prepared.columnCount }, (_, i) => ({
      name: prepared.columnName(i),
      type: String(prepared.columnType(i)),
    }));
  } finally {
    prepared.destroySync();
  }
}

async function readsOnly(connection: DuckDBConnection, sql: string): Promise<boolean> {
  const { StatementType } = await import('@duckdb/node-api');
  const statements = await attempt(() => connection.extractStatements(sql));
  if (statements.count !== 1) return false;
  const prepared = await attempt(() => statements.prepare(0));
  try {
    return (
      prepared.statementType === StatementType.SELECT || prepared.statementType === StatementType.EXPLAIN
    );
  } finally {
    prepared.destroySync();
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw queryFailed(error instanceof Error ? error.message : String(error), error);
  }
}
