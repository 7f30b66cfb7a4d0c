import { resolveLake } from '../../lib/config/resolve';
import { type OpenTable, openTable } from '../../lib/table/open';
import { mergeAll, type Row, readRows, type TestLake, take } from '../support/lake';
import { objectsUnder, type StoredLake, storedLake } from './stored-lake';
import { ToldTable } from './told-table';
import { trino } from './trino';

export const TABLE = 'things';
/** The table as it was at the end of a date. */
export const REPORT = 'things_daily';
export const row = (id: number, n: number, name = `${id}.${n}`): Row => ({ id: BigInt(id), n, name });

/** A file of changes. */
export interface File {
  /** Of January 2021: a day before one that was merged makes its changes late. */
  readonly day: number;
  readonly puts?: readonly Row[];
  readonly removes?: readonly number[];
}

/** What another engine does, and what that does to the rows that stand. `$table` is the name that ALTER takes. */
export interface Action {
  readonly sql: string;
  readonly told?: (table: ToldTable) => void;
}

/** A lake of one table on AWS, and what the table should hold. */
export class ForeignLake {
  readonly table = new ToldTable();
  private columns: Readonly<Record<string, string>> = { id: 'bigint', n: 'int', name: 'string' };
  private readonly waiting: (() => void)[] = [];
  private files = 0;

  private constructor(
    readonly stored: StoredLake,
    private readonly partitionBy: readonly string[],
  ) {}

  /** Ids 0 to 9 as they are after a load and a change. */
  static async begun(partitionBy: readonly string[]): Promise<ForeignLake> {
    const stored = await storedLake(
      'foreign',
      configOf({ id: 'bigint', n: 'int', name: 'string' }, partitionBy),
    );
    const lake = new ForeignLake(stored, partitionBy);
    await lake.ingest({ day: 5, puts: Array.from({ length: 10 }, (_, id) => row(id, 0)) });
    await lake.ingest({ day: 10, puts: [row(1, 1), row(8, 1)] });
    await lake.merge();
    return lake;
  }

  get lake(): TestLake {
    const { ports, landing } = this.stored;
    return {
      ports,
      landing,
      lake: resolveLake(configOf(this.columns, this.partitionBy), '/config/tidemark.config.ts'),
    };
  }

  /** Declares columns beyond those so far. */
  declare(columns: Readonly<Record<string, string>>): void {
    this.columns = { ...this.columns, ...columns };
  }

  /** Takes a file in, and leaves it waiting. */
  async ingest({ day, puts = [], removes = [] }: File): Promise<void> {
    const lines = [
      ...puts.map(put => JSON.stringify({ op: 'I', ...put, id: String(put.id) })),
      ...removes.map(id => JSON.stringify({ op: 'D', id: String(id) })),
    ];
    const date = `2021-01-${String(day).padStart(2, '0')}`;
    const name = `${TABLE}-${++this.files}.jsonl`;
    const taken = await take(this.lake, name, lines.join('\n'), { table: TABLE, date });
    expect(taken.outcome).toBe('taken-in');
    const at = day * 1000 + this.files;
    this.waiting.push(() => this.table.merge(at, puts, removes.map(BigInt)));
  }

  /** Merges all that waits. `ports`: those of the lake in which something happens meanwhile. */
  async merge(ports = this.stored.ports): Promise<void> {
    expect(await mergeAll({ ...this.lake, ports }, TABLE)).not.toEqual([]);
    this.tellWaiting();
  }

  /** What waits is told as merged. */
  tellWaiting(): void {
    for (const tell of this.waiting.splice(0)) tell();
  }

  /** Late changes of rows that others left alone, changed, deleted and inserted; then newer ones. */
  async goOn(): Promise<void> {
    await this.ingest({ day: 7, puts: [3, 4, 5, 6, 8, 20, 22].map(id => row(id, 4)), removes: [7, 21] });
    await this.ingest({ day: 15, puts: [row(0, 5), row(5, 5), row(23, 5)], removes: [9, 1] });
    await this.merge();
    await this.expectTold();
    expect(await mergeAll(this.lake, TABLE)).toEqual([]);
  }

  async act({ sql, told }: Action): Promise<void> {
    await this.sql(sql);
    told?.(this.table);
  }

  sql(text: string) {
    const { database } = this.stored;
    return trino(text.replaceAll('$table', `iceberg."${database}".${TABLE}`), database);
  }

  async open(table = TABLE): Promise<OpenTable> {
    return (await openTable(this.stored.ports, table))!;
  }

  /** What waits for a commit: no table's folder holds it, so that no engine takes it for an orphan. */
  async waitingFiles(): Promise<Map<string, string>> {
    const found = await Promise.all(['deltas/', 'staging/'].map(prefix => objectsUnder(this.stored, prefix)));
    return new Map(found.flatMap(files => [...files]));
  }

  /** What stands is what was told, to our own reader and to Trino. */
  async expectTold(columns: readonly string[] = ['id', 'n', 'name']): Promise<void> {
    const wanted = texts(this.table.rows(), columns);
    expect(texts(await readRows(this.stored.ports, TABLE), columns)).toEqual(wanted);
    const { rows } = await this.sql(`SELECT ${columns.join(', ')} FROM ${TABLE}`);
    expect(rows.map(cells => JSON.stringify(cells)).sort()).toEqual(wanted);
  }
}

function configOf(columns: Readonly<Record<string, string>>, partitionBy: readonly string[]) {
  const format = { kind: 'json-lines' as const, opColumn: 'op' };
  const things = { key: ['id'], columns, partitionBy: [...partitionBy], format };
  return { name: 'foreign', tables: { [TABLE]: things }, reports: { [REPORT]: { table: TABLE } } };
}

function texts(rows: readonly Row[], columns: readonly string[]): string[] {
  const text = (r: Row) => columns.map(name => (r[name] == null ? null : String(r[name])));
  return rows.map(r => JSON.stringify(text(r))).sort();
}
