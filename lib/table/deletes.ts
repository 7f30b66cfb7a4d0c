import { compareKeys, encodeKeys, type Keys, lowerBoundOf, takeKeys } from '../change/key-order';
import { concatBatches } from '../columnar/batch';
import type { Batch } from '../columnar/column';
import { valueAt } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import { partitionKey } from '../iceberg/partition-key';
import { DELETED_PATH, DELETED_POS } from '../iceberg/position-deletes';
import type { ObjectStore } from '../ports/object-store';
import { openFile } from './data-file';
import type { LiveFile, LiveFiles } from './live-files';

/** What other engines' delete files say of one data file: positions, and conditions on columns. */
export interface FileDeletes {
  readonly positions: ReadonlySet<number>;
  readonly equalities: readonly EqualityDelete[];
}

interface EqualityDelete {
  readonly fields: readonly Field[];
  readonly keys: Keys;
}

/** The deletes of a snapshot, read once; `for` picks those that stand against a data file by sequence and partition. */
export class Deletes {
  private constructor(
    private readonly positions: readonly PositionDeletes[],
    private readonly equalities: readonly (EqualityDelete & { live: LiveFile })[],
  ) {}

  static async read(store: ObjectStore, files: LiveFiles, fields: readonly Field[]): Promise<Deletes> {
    const positions: PositionDeletes[] = [];
    const equalities = [];
    for (const live of files.deletes) {
      if (live.file.content === 1) {
        const byPath = await readPositions(store, live);
        positions.push({ live, byPath });
      } else {
        const wanted = fields.filter(f => live.file.equalityIds?.includes(f.id));
        const batch = await readAll(store, live, wanted);
        const keys = encodeKeys(nullable(batch), batch.length);
        const order = Uint32Array.from(keys.hi.keys()).sort((a, b) => compareKeys(keys, a, keys, b));
        equalities.push({ fields: wanted, keys: takeKeys(keys, order), live });
      }
    }
    return new Deletes(positions, equalities);
  }

  /** Position deletes count from their own sequence number on, equality deletes only against older files. */
  for(data: LiveFile): FileDeletes {
    const positions = new Set<number>();
    for (const { live, byPath } of this.positions) {
      if (live.sequenceNumber < data.sequenceNumber) continue;
      for (const position of byPath.get(data.file.path) ?? []) positions.add(position);
    }
    const equalities = this.equalities.filter(
      ({ live }) =>
        live.sequenceNumber > data.sequenceNumber &&
        (live.file.partition.length === 0 || partitionKey(live.file) === partitionKey(data.file)),
    );
    return { positions, equalities };
  }

  /** Position delete files none of whose data files stand any more: they only cost readers, and spoil counts. */
  without(standing: ReadonlySet<string>): string[] {
    const idle = this.positions.filter(({ byPath }) => ![...byPath.keys()].some(path => standing.has(path)));
    return idle.map(({ live }) => live.file.path);
  }
}

interface PositionDeletes {
  readonly live: LiveFile;
  readonly byPath: ReadonlyMap<string, number[]>;
}

/** 1 for each row of a row group that no delete stands against; undefined when all live. */
export function liveMask(deletes: FileDeletes, batch: Batch, firstPosition: number): Uint8Array | undefined {
  if (deletes.positions.size === 0 && deletes.equalities.length === 0) return undefined;
  const mask = new Uint8Array(batch.length).fill(1);
  for (const position of deletes.positions) {
    const row = position - firstPosition;
    if (row >= 0 && row < batch.length) mask[row] = 0;
  }
  for (const { fields, keys } of deletes.equalities) {
    const columns = fields.map(f => batch.columns[batch.fields.findIndex(b => b.id === f.id)]!);
    const rows = encodeKeys(nullable({ length: batch.length, fields, columns }), batch.length);
    for (let row = 0; row < batch.length; row++) {
      const at = lowerBoundOf(keys, rows, row);
      if (at < keys.length && compareKeys(keys, at, rows, row) === 0) mask[row] = 0;
    }
  }
  return mask;
}

/** A delete's NULL matches NULL: each value is preceded by whether it is there. */
function nullable(batch: Batch): Batch['columns'] {
  return batch.columns.flatMap(column => [
    {
      kind: 'fixed' as const,
      type: 'boolean' as const,
      length: column.length,
      values: column.valid ?? new Uint8Array(column.length).fill(1),
    },
    column,
  ]);
}

async function readPositions(store: ObjectStore, live: LiveFile): Promise<Map<string, number[]>> {
  const batch = await readAll(store, live, [DELETED_PATH, DELETED_POS]);
  const byPath = new Map<string, number[]>();
  for (let row = 0; row < batch.length; row++) {
    const path = String(valueAt(batch.columns[0]!, row));
    const positions = byPath.get(path) ?? [];
    positions.push(Number(valueAt(batch.columns[1]!, row)));
    byPath.set(path, positions);
  }
  return byPath;
}

async function readAll(store: ObjectStore, live: LiveFile, fields: readonly Field[]): Promise<Batch> {
  const file = await openFile(store, live.file);
  const batches: Batch[] = [];
  for (let g = 0; g < file.footer.rowGroups.length; g++) batches.push(await file.read(g, fields));
  return concatBatches(batches);
}
