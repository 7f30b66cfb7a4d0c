import { gzipSync } from 'node:zlib';
import { columnFromScalars } from '../../lib/columnar/kernels';
import type { Field, Scalar } from '../../lib/columnar/types';
import { encodeRowGroup } from '../../lib/parquet/wasm';
import type { ObjectStore } from '../../lib/ports/object-store';
import type { CopyFile, CopyFormat } from '../../lib/stages/load/source/copy';
import { type ManifestSummary, writeManifest } from '../../lib/stages/load/source/write-manifest';

/** A row of the fixture of the older system whose job loads do. */
export interface Order {
  /** `order-1` to `order-1000`. */
  readonly order_id: string;
  /** Micros since 1970, in 2021. */
  readonly order_time: bigint;
  /** 0 to 1000. */
  readonly amount: bigint;
}

const ORDERS = 1000;
const FILES = 20;
const YEAR_START = Date.UTC(2021, 0, 1);
const YEAR_SECONDS = 365 * 86_400;

const ORDER_FIELDS: readonly Field[] = [
  { id: 1, name: 'order_id', type: 'string', required: false },
  { id: 2, name: 'order_time', type: 'timestamp', required: false },
  { id: 3, name: 'amount', type: 'long', required: false },
];

/** Numbers from 0 to 2^32, the same for a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** The 1,000 orders, in the order of their ids. */
export function orders(seed = 1): Order[] {
  const random = seeded(seed);
  return Array.from({ length: ORDERS }, (_, i) => ({
    order_id: `order-${i + 1}`,
    order_time: BigInt(YEAR_START + (random() % YEAR_SECONDS) * 1000) * 1000n,
    amount: BigInt(random() % 1001),
  }));
}

/** The orders as a copy of 20 files of 50 rows, and the manifest of these. */
export interface OrdersCopy {
  readonly rows: readonly Order[];
  readonly files: readonly CopyFile[];
  readonly bytes: number;
  /** The manifest's summary, and its key. */
  readonly summary: ManifestSummary;
  readonly summaryKey: string;
}

export interface OrdersOptions {
  readonly folder?: string;
  readonly format?: CopyFormat;
  /** CSV and JSON packed. */
  readonly gzip?: boolean;
  readonly seed?: number;
}

/** Puts S4's fixture into the store: `<folder>/data/part-00.<format>` and so on, and `<folder>/manifest.{parquet,json}`. */
export async function putOrders(store: ObjectStore, options: OrdersOptions = {}): Promise<OrdersCopy> {
  const { folder = 'orders', format = 'parquet', gzip = false, seed = 1 } = options;
  const rows = orders(seed);
  const files: CopyFile[] = [];
  for (let f = 0; f < FILES; f++) {
    const own = rows.slice((f * ORDERS) / FILES, ((f + 1) * ORDERS) / FILES);
    const key = `${folder}/data/part-${String(f).padStart(2, '0')}.${format}${gzip ? '.gz' : ''}`;
    const bytes = ordersAs(format, own);
    files.push(await putFile(store, key, gzip ? gzipSync(bytes) : bytes, own.length));
  }
  const keys = { manifest: `${folder}/manifest.parquet`, summary: `${folder}/manifest.json` };
  const summary = await writeManifest(store, files, keys);
  return { rows, files, bytes: summary.size, summary, summaryKey: keys.summary };
}

async function putFile(store: ObjectStore, key: string, bytes: Uint8Array, rows: number): Promise<CopyFile> {
  await store.put(key, bytes);
  const { size, etag } = (await store.head(key))!;
  return { key, uri: store.uri(key), bytes: size, etag, rows };
}

function ordersAs(format: CopyFormat, rows: readonly Order[]): Uint8Array {
  if (format === 'parquet') {
    return parquetOf(
      ORDER_FIELDS,
      rows.map(r => [r.order_id, r.order_time, r.amount]),
    );
  }
  const lines = rows.map(({ order_id, order_time, amount }) => {
    const time = new Date(Number(order_time / 1000n)).toISOString().slice(0, 19).replace('T', ' ');
    if (format === 'csv') return `${order_id},${time},${amount}`;
    return JSON.stringify({ order_id, order_time: time, amount: Number(amount) });
  });
  const header = format === 'csv' ? ['order_id,order_time,amount'] : [];
  return Buffer.from([...header, ...lines, ''].join('\n'));
}

/** Rows as a Parquet file of one row group, as our own encoder writes it. */
export function parquetOf(fields: readonly Field[], rows: readonly (readonly Scalar[])[]): Uint8Array {
  const columns = fields.map((field, c) =>
    columnFromScalars(
      field.type,
      rows.map(row => row[c]!),
    ),
  );
  return encodeRowGroup({ length: rows.length, fields, columns });
}

/** A table of an RDS export. */
export interface ExportTable {
  /** `db.table` or `db.schema.table`. */
  readonly target: string;
  /** Columns and the database's types. */
  readonly columns: Readonly<Record<string, string>>;
  /** The Parquet files, each in a part folder of its own; none for an empty table. */
  readonly parts: readonly Uint8Array[];
  readonly status?: string;
}

export interface ExportOptions {
  readonly status?: string;
  readonly percent?: number;
  /** Tables that one `export_tables_info` describes. Default: 96, as RDS does. */
  readonly tablesInfo?: number;
}

/**
 * Puts an export of a snapshot into the store as RDS lays it out.
 * @param folder `<prefix>/<exportId>`
 */
export async function putExport(
  store: ObjectStore,
  folder: string,
  tables: readonly ExportTable[],
  { status = 'COMPLETE', percent = 100, tablesInfo = 96 }: ExportOptions = {},
): Promise<void> {
  const id = folder.slice(folder.lastIndexOf('/') + 1);
  const json = (name: string, value: object) =>
    store.put(`${folder}/${name}.json`, Buffer.from(JSON.stringify(value)));
  await json(`export_info_${id}`, { exportTaskIdentifier: id, status, percentProgress: percent });
  for (let from = 0; from < tables.length; from += tablesInfo) {
    const some = tables.slice(from, from + tablesInfo);
    await json(`export_tables_info_${id}_from_${from + 1}_to_${from + some.length}`, {
      perTableStatus: some.map(described),
    });
  }
  for (const { target, parts } of tables) {
    const [db, ...rest] = target.split('.');
    const place = `${folder}/${db}/${rest.length === 1 ? target : rest.join('.')}`;
    for (const [i, bytes] of parts.entries())
      await store.put(`${place}/${i + 1}/part-00000-${seeded(i)().toString(16)}-c000.gz.parquet`, bytes);
    for (let i = 0; i < Math.max(parts.length, 1); i++)
      await store.put(`${place}/${i + 1}/_SUCCESS`, new Uint8Array());
  }
}

function described({ target, columns, status = 'COMPLETE' }: ExportTable) {
  const originalTypeMappings = Object.entries(columns).map(([columnName, originalType]) => ({
    columnName,
    originalType,
    expectedExportedType: '',
    originalCharMaxLength: 0,
    originalNumPrecision: 0,
    originalDateTimePrecision: 0,
  }));
  return {
    tableStatistics: { extractionStartTime: '2026-01-01T00:00:00Z', partitioningInfo: {} },
    schemaMetadata: { originalTypeMappings },
    status,
    sizeGB: 0,
    target,
  };
}
