import type { Row } from '../interop/told-lake';

/** Before every change: the position of a row that another engine inserted. */
const FOREIGN = -1;

interface Standing {
  readonly row: Row;
  readonly at: number;
}

interface Change {
  readonly id: bigint;
  /** Undefined: a delete. */
  readonly row: Row | undefined;
  readonly at: number;
}

/**
 * What a table holds, told by whoever changes it: our merges by the rule that the change with the greatest position
 * wins, other engines by what their statement did. Their row stands until a change of its key that is not older than
 * it is merged; a key that they deleted is, when a change comes that is late, what all its changes make of it.
 */
export class ToldTable {
  private readonly standing = new Map<bigint, Standing>();
  private readonly changes: Change[] = [];
  private greatest = FOREIGN;

  /** Merges changes of one file; `at` is its date and its place among the files of that date, as one number. */
  merge(at: number, puts: readonly Row[], removes: readonly bigint[] = []): void {
    const changes: Change[] = [
      ...puts.map(row => ({ id: row.id as bigint, row, at })),
      ...removes.map(id => ({ id, row: undefined, at })),
    ];
    this.changes.push(...changes);
    for (const change of changes) this.apply(change);
    this.greatest = Math.max(this.greatest, at);
  }

  private apply(change: Change): void {
    const stands = this.standing.get(change.id);
    if (stands && stands.at > change.at) return;
    const late = change.at < this.greatest;
    const { row, at } = stands || !late ? change : this.folded(change.id);
    if (row) this.standing.set(change.id, { row, at });
    else this.standing.delete(change.id);
  }

  private folded(id: bigint): Change {
    const all = this.changes.filter(c => c.id === id);
    return all.reduce((newest, c) => (c.at >= newest.at ? c : newest));
  }

  /** Another engine's UPDATE: the row keeps its position. */
  update(id: bigint, values: Row): void {
    const { row, at } = this.standing.get(id)!;
    this.standing.set(id, { row: { ...row, ...values }, at });
  }

  insert(row: Row): void {
    this.standing.set(row.id as bigint, { row, at: FOREIGN });
  }

  delete(id: bigint): void {
    this.standing.delete(id);
  }

  has(id: bigint): boolean {
    return this.standing.has(id);
  }

  rows(): Row[] {
    return [...this.standing.values()].map(({ row }) => row);
  }
}
