import { compareKeys, encodeKeys, type Keys, upperBoundOf } from '../change/key-order';
import type { Batch } from '../columnar/column';
import { columnFromScalars, gather, valueAt } from '../columnar/kernels';
import type { Field, Scalar } from '../columnar/types';
import type { PartitionSpec } from '../iceberg/partition';
import { partitionKey } from '../iceberg/partition-key';
import { decodeValue } from '../iceberg/single-value';
import { transformColumn } from '../iceberg/transform-column';
import type { LiveFile } from './live-files';
import type { Upserts } from './upserts';

/** Rows that go, by data file path and ascending, and rows that come. */
export interface RowChanges {
  readonly drops: ReadonlyMap<string, readonly number[]>;
  /** Files of which every row goes. */
  readonly gone: readonly LiveFile[];
  readonly upserts: Upserts;
}

/** Of a table: its data files, and what says into which of them a row belongs. */
interface Planned {
  readonly files: { readonly data: readonly LiveFile[] };
  readonly key: readonly Field[];
  readonly spec: PartitionSpec;
}

/** What happens to one data file. Files without an action stay as they are. */
export type FileAction =
  /** Nothing of the file stands. */
  | { readonly kind: 'remove'; readonly live: LiveFile }
  /** These row positions go, these upserts join: the file is written anew. */
  | {
      readonly kind: 'rewrite';
      readonly live: LiveFile;
      readonly drop: readonly number[];
      readonly insert: Uint32Array;
    }
  /** Upserts that belong to no file that stands. */
  | { readonly kind: 'write'; readonly partition: readonly Scalar[]; readonly insert: Uint32Array };

/** A file past this share of its greatest size takes no keys beyond its last: they start a new one. */
const FULL = 0.75;

/**
 * Which files change and how: `plan(snapshot, changes) -> actions per file`. Row positions to drop come by path.
 * An upsert joins the file of its partition whose key range it falls into, so that files stay disjoint in key.
 */
export function planMerge(
  { files, key, spec }: Planned,
  { drops, gone, upserts }: RowChanges,
  fileBytesMax: number,
): FileAction[] {
  const inserts = new Map<LiveFile, number[]>();
  const actions: FileAction[] = gone.map(live => ({ kind: 'remove', live }));
  const left = files.data.filter(live => !gone.includes(live));
  const standing = new Map<string, LiveFile[]>();
  for (const live of left) listOf(standing, partitionKey(live.file)).push(live);
  for (const [place, { partition, rows }] of byPartition(upserts.placing, spec)) {
    const choose = chooser(standing.get(place) ?? [], key[0]!, fileBytesMax);
    const fresh: number[] = [];
    const first = gather(
      upserts.placing.columns[upserts.placing.fields.findIndex(f => f.id === key[0]!.id)]!,
      Uint32Array.from(rows),
    );
    const firsts = encodeKeys([first], rows.length);
    rows.forEach((row, i) => {
      const file = choose(firsts, i);
      if (!file) fresh.push(row);
      else listOf(inserts, file).push(row);
    });
    if (fresh.length > 0) actions.push({ kind: 'write', partition, insert: Uint32Array.from(fresh) });
  }
  for (const live of left) {
    const drop = drops.get(live.file.path) ?? [];
    const insert = inserts.get(live) ?? [];
    if (drop.length > 0 || insert.length > 0) {
      actions.push({ kind: 'rewrite', live, drop, insert: Uint32Array.from(insert) });
    }
  }
  return actions;
}

function listOf<K, V>(lists: Map<K, V[]>, key: K): V[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** Rows (ascending, so still in the order they have) of each partition, by its key. */
export function byPartition(
  rows: Batch,
  spec: PartitionSpec,
): Map<string, { partition: Scalar[]; rows: readonly number[] }> {
  const columns = spec.fields.map(f =>
    transformColumn(f.transform, rows.columns[rows.fields.findIndex(c => c.id === f['source-id'])]!),
  );
  const groups = new Map<string, { partition: Scalar[]; rows: number[] }>();
  for (let row = 0; row < rows.length; row++) {
    const partition = columns.map(c => valueAt(c, row));
    const name = partitionKey({ specId: spec['spec-id'], partition });
    const group = groups.get(name) ?? { partition, rows: [] };
    groups.set(name, group);
    group.rows.push(row);
  }
  return groups;
}

/** The last file that starts at or before a key, the first for keys before all; none when that one is full. */
function chooser(
  files: readonly LiveFile[],
  first: Field,
  fileBytesMax: number,
): (keys: Keys, i: number) => LiveFile | undefined {
  const bounded = files.flatMap(live => {
    const lower = live.file.metrics.lower.get(first.id);
    const upper = live.file.metrics.upper.get(first.id);
    return lower
      ? [
          {
            live,
            lower: decodeValue(first.type, lower),
            upper: upper ? decodeValue(first.type, upper) : null,
          },
        ]
      : [];
  });
  const lowers = encodeKeys(
    [
      columnFromScalars(
        first.type,
        bounded.map(b => b.lower),
      ),
    ],
    bounded.length,
  );
  const order = Uint32Array.from(bounded.keys()).sort((a, b) => compareKeys(lowers, a, lowers, b));
  const ordered = order.length > 0 ? [...order].map(i => bounded[i]!) : [];
  const starts = encodeKeys(
    [
      columnFromScalars(
        first.type,
        ordered.map(b => b.lower),
      ),
    ],
    ordered.length,
  );
  const ends = encodeKeys(
    [
      columnFromScalars(
        first.type,
        ordered.map(b => b.upper),
      ),
    ],
    ordered.length,
  );
  return (keys, i) => {
    const at = Math.max(0, upperBoundOf(starts, keys, i) - 1);
    const chosen = ordered[at];
    if (!chosen) return undefined;
    const full = chosen.live.file.size >= fileBytesMax * FULL;
    const beyond = chosen.upper !== null && compareKeys(keys, i, ends, at) > 0;
    return full && beyond ? undefined : chosen.live;
  };
}
