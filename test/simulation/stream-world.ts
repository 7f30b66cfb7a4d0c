import type { LakeConfig } from '../../lib/config/define';
import type { StreamRecord } from '../../lib/ports/change-stream';
import type { NaiveChange } from '../support/naive-fold';
import { randomOf } from './scheduler';

/** A stream's records, what they are and what they mean: made from a seed, and read by nobody's code but this. */
export const STREAM = { name: 'changes', createdAt: 7 };
export const COLUMNS = ['a', 'b'];

const TABLE = { key: ['id'], columns: { id: 'bigint', a: 'int', b: 'string' } };

/** `late` is declared in the middle of things. */
export const configOf = (late: boolean): LakeConfig => ({
  name: 'world',
  tables: {
    one: { ...TABLE, partitionBy: ['bucket(2, id)'] },
    two: { ...TABLE, absent: 'unchanged' },
    ...(late ? { late: TABLE } : {}),
  },
  sources: { source: { kind: 'kinesis', format: 'dms' } },
});

type Op = 'load' | 'insert' | 'update' | 'delete';

export interface WorldRecord {
  readonly record: StreamRecord;
  /** Undefined: no record of DMS. */
  readonly table: 'one' | 'two' | 'late' | undefined;
  /** Its value does not fit the table. */
  readonly bad: boolean;
  readonly op: Op;
  readonly id: number;
  readonly was?: number;
  readonly values: Readonly<Record<string, unknown>>;
  /** Counter of its change sequence, where it has one. */
  readonly seq?: number;
}

/** Two shards, the second the child of the first. Their clock steps back, and keys are few. */
export const SHARDS = [
  { id: 'shardId-000000000000', parents: [] },
  { id: 'shardId-000000000001', parents: ['shardId-000000000000'] },
];

export function streamOf(seed: number, count: number): WorldRecord[] {
  const random = randomOf(seed * 7919 + 1);
  const pick = <T>(among: readonly T[]): T => among[Math.floor(random() * among.length)]!;
  const sequenced = random() < 0.3;
  let arrivedAt = Date.UTC(2026, 0, 1);
  return Array.from({ length: count }, (_, i) => {
    arrivedAt += pick([0, 0, 1, 1, 2, 50, -3, -40]);
    const table = pick(['one', 'one', 'one', 'two', 'two', 'late', undefined] as const);
    const op = pick(['load', 'insert', 'insert', 'update', 'update', 'update', 'delete'] as const);
    const id = pick([1, 2, 3, 4]);
    const bad = random() < 0.1;
    const was = op === 'update' && table === 'one' && random() < 0.3 ? pick([1, 2, 3, 4]) : undefined;
    const some = { a: pick([undefined, null, 1, 2, 3]), b: pick([undefined, null, 'x', 'y']) };
    const values = Object.fromEntries(Object.entries(some).filter(([, v]) => v !== undefined));
    const seq =
      sequenced && op !== 'load' && random() < 0.8 ? pick([...Array(1000).keys()]) * 100 + i : undefined;
    const shard = SHARDS[i < count / 2 ? 0 : 1]!.id;
    // Numbers start anew in each shard, and get a digit more within it.
    const sequence = String(10n ** 30n - 4n + BigInt(i % Math.ceil(count / 2)));
    const known = {
      table,
      bad,
      op,
      id,
      values,
      ...(was === undefined ? {} : { was }),
      ...(seq === undefined ? {} : { seq }),
    };
    const data = bytesOf(known);
    return { ...known, record: { shard, sequence, key: 'k', data, arrivedAt } };
  });
}

const SEQUENCE_HEAD = '2025010203040506';
const SEQUENCE_MICROS = BigInt(Date.UTC(2025, 0, 2, 3, 4, 5, 60)) * 1000n;

function bytesOf({ table, bad, op, id, was, values, seq }: Omit<WorldRecord, 'record'>): Uint8Array {
  if (table === undefined) return Buffer.from('{"neither":');
  const row = op === 'delete' ? { id } : { id, ...values };
  const sequence =
    seq === undefined ? {} : { AR_H_CHANGE_SEQ: `${SEQUENCE_HEAD}${String(seq).padStart(19, '0')}` };
  return Buffer.from(
    JSON.stringify({
      data: { ...row, ...(bad ? { id: 'none' } : {}), ...sequence },
      ...(was === undefined ? {} : { 'before-image': { id: was } }),
      metadata: { 'record-type': 'data', operation: op, 'schema-name': 's', 'table-name': table },
    }),
  );
}

/** Where each record of a table stands, by the rule alone: arrival raised, and a running count through both shards. */
export function placesOf(records: readonly WorldRecord[], table: string): Map<WorldRecord, NaiveChange[]> {
  let arrival = 0;
  let strays = 0;
  let count = 0;
  const known = new Set<string>();
  const places = new Map<WorldRecord, NaiveChange[]>();
  for (const world of records) {
    const { shard, arrivedAt } = world.record;
    if (world.table === undefined || world.table === 'late') strays = Math.max(strays, arrivedAt);
    if (world.table !== table) continue;
    // Where the table is new to a shard it stands no lower than what was put aside before.
    arrival = Math.max(arrival, arrivedAt, known.has(shard) ? 0 : strays);
    known.add(shard);
    const n = BigInt(count++);
    const { op, seq } = world;
    const [major, minor] =
      op === 'load'
        ? [0n, n]
        : seq === undefined
          ? [BigInt(arrival) * 1000n, n]
          : [SEQUENCE_MICROS, BigInt(seq)];
    places.set(world, world.bad ? [] : changesOf(world, major, minor));
  }
  return places;
}

/** What a record of a table does, at a position. */
export function changesOf(world: WorldRecord, major: bigint, minor: bigint): NaiveChange[] {
  const { op, id, was, values, table } = world;
  const at = { entry: 0, row: 0, major, minor };
  if (op === 'delete') return [{ ...at, op: 'D', key: String(id), values: {} }];
  const whole = table === 'two' ? values : { a: null, b: null, ...values };
  const moved = was !== undefined && was !== id;
  const now: NaiveChange = {
    ...at,
    op: op === 'update' && !moved ? 'U' : 'I',
    key: String(id),
    values: whole,
  };
  return moved ? [{ ...at, op: 'D', key: String(was), values: {} }, now] : [now];
}
