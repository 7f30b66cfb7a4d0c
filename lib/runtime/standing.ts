import { currentSnapshot } from '../iceberg/metadata';
import type { LakePorts } from '../ports/lake-ports';
import { readCursor, START } from '../table/cursor';
import { openTable } from '../table/open';
import type { Tally } from './lake';

/** How a table stands, as its current snapshot says it. */
export interface Standing {
  /** The last entry merged. */
  readonly through: number;
  readonly rows: number;
  readonly bytes: number;
}

export async function standingOf(ports: LakePorts, name: string): Promise<Standing> {
  const open = await openTable(ports, name);
  const { through } = open ? readCursor(name, open.metadata) : START;
  const summary = open ? (currentSnapshot(open.metadata)?.summary ?? {}) : {};
  const rows = Number(summary['total-records'] ?? 0);
  return { through, rows, bytes: Number(summary['total-files-size'] ?? 0) };
}

/** Merges that others did: what they changed is not known here. */
export function tallyThere(table: string, entries: number, { through, rows, bytes }: Standing): Tally {
  return {
    ...{ table, merges: 1, entries, through },
    rows: { total: rows },
    bytes: { total: bytes },
  };
}
