import { App, Stack } from 'aws-cdk-lib';
import { defineLake, type LakeConfig, TidemarkError } from 'tidemark';
import { Dms, Lake, loadConfig, Pipeline, Storage } from 'tidemark/cdk';
import {
  type Cell,
  type FileTaken,
  type Loaded,
  type LocalLake,
  openLake,
  type RecordsTaken,
  type RowChange,
  type SchemaApplied,
  type SourceStatus,
} from 'tidemark/local';

export const config: LakeConfig = defineLake({ name: 'shop', tables: { orders: { key: ['id'] } } });
// @ts-expect-error: a key is a list
defineLake({ name: 'shop', tables: { orders: { key: 'id' } } });

export async function nightly(folder: string): Promise<readonly Cell[]> {
  const lake: LocalLake = await openLake(folder, { config: 'tidemark.config.ts' });
  try {
    const taken: FileTaken[] = await lake.ingest(['a.csv', 'b.csv'], { table: 'orders', date: '2021-01-01' });
    const changed: number = taken.reduce((sum, file) => sum + (file.merged?.rows.changed ?? 0), 0);
    // @ts-expect-error: a file is taken in, not sent
    const sent = taken.filter(file => file.outcome === 'sent');
    const changes: RowChange[] = [];
    for await (const change of (await lake.diff('orders', '1 hour ago')).rows) changes.push(change);
    const { rows } = await lake.query('SELECT $1', { params: [changed], asOf: 'yesterday' });
    // @ts-expect-error: there may be no such row
    const first: readonly Cell[] = rows[0];
    return [...first, sent.length, changes.length];
  } catch (error) {
    if (error instanceof TidemarkError) return [error.code];
    throw error;
  } finally {
    await lake.close();
  }
}

export async function first(lake: LocalLake): Promise<number | undefined> {
  const { load } = await lake.planLoad('orders', { from: ['orders/'], position: { major: 1n, minor: 2n } });
  const loaded: Loaded = await lake.load('orders', {
    workers: 2,
    onProgress: ({ tasks }) => tasks.succeeded,
  });
  // @ts-expect-error: a folder's lake is waited for
  await lake.load('orders', { wait: false });
  return load?.id === loaded.id ? loaded.rows : (await lake.validateLoad('orders')).all.after.rows;
}

export async function ofStreams(lake: LocalLake, events: AsyncIterable<object>): Promise<string[]> {
  const taken: RecordsTaken = await lake.ingestRecords(events, { source: 'stream', merge: false });
  await lake.ingestRecords('changes.jsonl', { format: 'debezium', again: true });
  // @ts-expect-error: nobody writes records so
  await lake.ingestRecords([], { format: 'xml' });
  const [applied]: SchemaApplied[] = await lake.applySchema('orders', { nullWhatDoesNotCast: true });
  const [column] = await lake.showSchema('orders');
  const changes = (await lake.diffSchema()).map(({ kind }) => kind);
  const sources: SourceStatus[] = await lake.sources();
  const lost = applied?.uncastable.first.map(({ text }) => text) ?? [];
  return [
    ...taken.tables.map(({ outcome }) => outcome),
    ...taken.control.map(({ operation }) => operation),
    ...[column?.type ?? 'none', ...changes, ...lost, applied?.stopped?.code ?? ''],
    ...sources.map(({ source, lagMs }) => `${source} ${lagMs}`),
  ];
}

const stack = new Stack(new App(), 'Shop');
export const whole: Lake = new Lake(stack, 'Lake', { config });
// @ts-expect-error: a lake has a config
new Lake(stack, 'Other', {});

const lake = loadConfig('tidemark.config.ts');
const storage = new Storage(stack, 'Storage', { lake });
const pipeline = new Pipeline(stack, 'Pipeline', { lake, storage });
export const dms = new Dms(stack, 'Dms', { lake, storage, alarms: pipeline.alarms.topic });
