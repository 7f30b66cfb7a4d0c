import { concatBatches, gatherBatch } from '../columnar/batch';
import type { Batch } from '../columnar/column';
import type { Field } from '../columnar/types';
import type { ObjectStore } from '../ports/object-store';
import { type OpenFile, openFile } from './data-file';
import type { CurrentRows } from './folded-rows';
import type { RowPlace } from './locate';

/**
 * Reads columns of rows that stand in the table's files, some at a time: those asked for next mostly stand in the row
 * group that was read last, which is kept.
 */
export class StandingRows {
  private file: OpenFile | undefined;
  private held: { readonly path: string; readonly rowGroup: number; readonly batch: Batch } | undefined;

  constructor(
    private readonly store: ObjectStore,
    private readonly fields: readonly Field[],
  ) {}

  /** The rows of the groups, which stand at their places. */
  async read(places: ReadonlyMap<number, RowPlace>): Promise<CurrentRows> {
    const parts: Batch[] = [];
    const rowOf = new Map<number, number>();
    for (const groups of byFile(places).values()) {
      const file = await this.open(places.get(groups[0]!)!);
      const rows = groups.map(g => places.get(g)!.row);
      let next = 0;
      for await (const { batch, first } of this.piecesWith(file, rows)) {
        const from = next;
        while (next < rows.length && rows[next]! < first + batch.length)
          rowOf.set(groups[next++]!, rowOf.size);
        const wanted = rows.slice(from, next).map(row => row - first);
        if (wanted.length > 0) parts.push(gatherBatch(batch, Uint32Array.from(wanted)));
      }
    }
    return { rows: parts.length > 0 ? concatBatches(parts) : undefined, rowOf: g => rowOf.get(g)! };
  }

  private async open({ file }: RowPlace): Promise<OpenFile> {
    if (this.file?.path !== file.path) this.file = await openFile(this.store, file);
    return this.file;
  }

  /** The pieces of the row groups that hold some of the rows (ascending), with the position each starts at. */
  private async *piecesWith(
    file: OpenFile,
    rows: readonly number[],
  ): AsyncGenerator<{ batch: Batch; first: number }> {
    let first = 0;
    for (const [g, group] of file.footer.rowGroups.entries()) {
      const end = first + group.rows;
      if (rows.some(row => row >= first && row < end)) {
        for await (const batch of this.pieces(file, g)) {
          yield { batch, first };
          first += batch.length;
        }
      }
      first = end;
    }
  }

  private async *pieces(file: OpenFile, rowGroup: number): AsyncGenerator<Batch> {
    if (this.held?.path === file.path && this.held.rowGroup === rowGroup) {
      yield this.held.batch;
      return;
    }
    this.held = undefined;
    for await (const batch of file.pieces(rowGroup, this.fields)) {
      const whole = batch.length === file.footer.rowGroups[rowGroup]!.rows;
      if (whole) this.held = { path: file.path, rowGroup, batch };
      yield batch;
    }
  }
}

/** Groups by the file their rows stand in, each in the order of the file. */
function byFile(places: ReadonlyMap<number, RowPlace>): Map<string, number[]> {
  const files = new Map<string, number[]>();
  for (const [g, { file }] of places) {
    const groups = files.get(file.path);
    if (groups) groups.push(g);
    else files.set(file.path, [g]);
  }
  for (const groups of files.values()) groups.sort((a, b) => places.get(a)!.row - places.get(b)!.row);
  return files;
}
