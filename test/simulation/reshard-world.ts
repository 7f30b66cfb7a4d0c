import type { LakeConfig } from '../../lib/config/define';
import type { StreamRecord } from '../../lib/ports/change-stream';
import type { NaiveChange } from '../support/naive-fold';
import { randomOf } from './scheduler';

/** A stream that is resharded twice, then made anew under its name: what its records are and what they mean. */
const TABLE = { key: ['id'], columns: { id: 'bigint', a: 'int', b: 'string' } };
export const TABLES = ['one', 'two', 'three'] as const;
export const COLUMNS = ['a', 'b'];

export const CONFIG: LakeConfig = {
  name: 'world',
  tables: { one: TABLE, two: TABLE, three: TABLE },
  sources: { source: { kind: 'kinesis' } },
};

export const shardId = (n: number) => `shardId-${String(n).padStart(12, '0')}`;

/** The first shard is split, and its halves are merged. */
export const SHARDS = [
  { id: shardId(0), parents: [] },
  { id: shardId(1), parents: [shardId(0)] },
  { id: shardId(2), parents: [shardId(0)] },
  { id: shardId(3), parents: [shardId(1), shardId(2)] },
];

export interface WorldRecord {
  readonly record: StreamRecord;
  /** Undefined: no record of any table. */
  readonly table: (typeof TABLES)[number] | undefined;
  /** Nothing where it is bad. Of `one` where the binlog has it, of the others where it arrived. */
  readonly changes: readonly NaiveChange[];
}

/**
 * Each record arrives a millisecond or more after the one before it. `one` comes from Debezium, not always in its order,
 * `two` as ServiceEvents, `three` from DMS.
 * @param life the how-maniest stream of the name: each numbers its records from the start
 */
export function recordsOf(seed: number, life: number, count: number): WorldRecord[] {
  const random = randomOf(seed * 7919 + life);
  const pick = <T>(among: readonly T[]): T => among[Math.floor(random() * among.length)]!;
  let arrivedAt = Date.UTC(2026, 0, 1 + life);
  const next = [0, 0, 0, 0];
  return Array.from({ length: count }, (_, i) => {
    arrivedAt += pick([1, 1, 2, 50]);
    const id = pick([1, 2, 3, 4]);
    const shard = i < count / 3 ? 0 : i < (2 * count) / 3 ? 1 + (id % 2) : 3;
    const table = pick(['one', 'one', 'two', 'two', 'three', undefined] as const);
    const bad = random() < 0.1;
    const op = pick(['insert', 'update', 'update', 'delete'] as const);
    const some = { a: pick([null, 1, 2, 3]), b: pick([null, 'x', 'y', undefined]) };
    // Debezium's records may come in any order: an offset is used once.
    const offset = 1000 * life + (random() < 0.7 ? i : (i * 37) % count) * 2 + (random() < 0.5 ? 0 : 1);
    const [data, changes] = writers[table ?? 'none']({
      op,
      id,
      some,
      bad,
      arrivedAt,
      offset: offset * 1000 + i,
    });
    // Within a shard the numbers get a digit more.
    const sequence = String(10n ** 30n - 3n + BigInt(next[shard]!++));
    const record = { shard: shardId(shard), sequence, key: String(id), data: Buffer.from(data), arrivedAt };
    return { record, table, changes: bad ? [] : changes };
  });
}

interface Said {
  readonly op: 'insert' | 'update' | 'delete';
  readonly id: number;
  readonly some: Readonly<Record<string, unknown>>;
  readonly bad: boolean;
  readonly arrivedAt: number;
  readonly offset: number;
}

const OP = { insert: 'I', update: 'U', delete: 'D' } as const;

function changeOf({ op, id, some }: Said, major: bigint): NaiveChange[] {
  const values = op === 'delete' ? {} : some;
  return [{ entry: 0, row: 0, op: OP[op], key: String(id), major, minor: 0n, values }];
}

const clocked = (said: Said, some: Said['some']) =>
  changeOf({ ...said, some }, BigInt(said.arrivedAt) * 1000n);
const present = (some: Said['some']) =>
  Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined));
const whole = (some: Said['some']) => ({ a: null, b: null, ...present(some) });

const writers: Record<'one' | 'two' | 'three' | 'none', (said: Said) => [string, NaiveChange[]]> = {
  one(said) {
    const { op, id, some, bad, offset } = said;
    const row = { id: bad ? 'none' : id, ...whole(some) };
    const [before, after] = op === 'delete' ? [row, null] : [null, row];
    const source = { db: 's', table: 'one', ts_ms: 1722214747678, file: 'bin.000002', pos: offset, row: 0 };
    const text = JSON.stringify({ before, after, source, op: { insert: 'c', update: 'u', delete: 'd' }[op] });
    return [text, changeOf({ ...said, some: whole(some) }, (2n << 33n) | BigInt(offset))];
  },
  two(said) {
    const { op, id, some, bad } = said;
    const type = { insert: 'create', update: 'update', delete: 'delete' }[op];
    const data = { id: bad ? 'none' : id, ...present(some) };
    const envelope = { event_date: '2024-07-29T00:59:07Z', uuid: 'u', version: '1' };
    return [JSON.stringify({ source: 'two', type, data, ...envelope }), clocked(said, present(some))];
  },
  three(said) {
    const { op, id, some, bad } = said;
    const metadata = { 'record-type': 'data', operation: op, 'schema-name': 's', 'table-name': 'three' };
    const data = { id: bad ? 'none' : id, ...present(some) };
    return [JSON.stringify({ data, metadata }), clocked(said, whole(some))];
  },
  none: () => ['{"op":', []],
};
