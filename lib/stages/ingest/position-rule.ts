import { type FirstSeen, firstSight } from '../../ledger/sources';
import type { LakePorts } from '../../ports/lake-ports';
import type { Identified } from './identify';
import type { PositionRule } from './settled';

/** A plain file's place among those of its instant is given by the ledger, once. */
export async function placeOf(ports: LakePorts, file: Identified): Promise<FirstSeen> {
  const own = file.copy !== undefined || file.object.detected?.fileTime !== undefined;
  if (own) return { instant: file.instant, n: 0 };
  return firstSight(ports.items, file.table.name, file.identity, file.instant);
}

/** A LOAD file has at most 1 GB, so fewer rows than this; its number takes up to 32 bits above. */
const LOAD_ROWS_BITS = 30n;

export function ruleOf(file: Identified, generation: number, place: FirstSeen): PositionRule {
  const time = file.object.detected?.fileTime;
  if (file.copy) {
    const part = file.copy.part << LOAD_ROWS_BITS;
    const ofRow = (row: number) => ({ major: 0n, minor: part + BigInt(row) });
    return { generation, ofRow, ownPositions: false, withinCommit: row => part + BigInt(row) };
  }
  if (time !== undefined) {
    const ms = time / 1000n;
    const ofRow = (row: number) => ({ major: time, minor: BigInt(row) });
    return { generation, ofRow, ownPositions: true, withinCommit: row => (ms << 22n) + BigInt(row) };
  }
  const base = BigInt(place.n) << 32n;
  const ofRow = (row: number) => ({ major: place.instant, minor: base + BigInt(row) });
  return { generation, ofRow, ownPositions: file.kind !== 'csv', withinCommit: row => base + BigInt(row) };
}
