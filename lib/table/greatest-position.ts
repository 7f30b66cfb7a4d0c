import { maxPosition, type Position } from '../change/position';
import { entriesAfter } from '../ledger/entries';
import type { LakePorts } from '../ports/lake-ports';
import { readCursor, START } from './cursor';
import { openTable } from './open';

/** The greatest position of all of a table's entries, merged or not. */
export async function greatestPosition(ports: LakePorts, table: string): Promise<Position> {
  const current = await openTable(ports, table);
  const cursor = current ? readCursor(table, current.metadata) : START;
  let { greatest } = cursor;
  for await (const entry of entriesAfter(ports.items, table, cursor.through)) {
    greatest = maxPosition(greatest, entry.greatest);
  }
  return greatest;
}
