import {
  comparePositions,
  formatPosition,
  justAfter,
  MAJOR_BITS,
  maxPosition,
  parsePosition,
  position,
} from '../../change/position';
import { type ResolvedTable, requireLoads } from '../../config/resolved';
import { currentSnapshot } from '../../iceberg/metadata';
import type { Counter } from '../../ledger/counter';
import { beginLoad, type Load, type StandingLoad } from '../../ledger/loads';
import type { Standing } from '../../ledger/reloads';
import type { LakePorts } from '../../ports/lake-ports';
import type { ColumnShape } from '../../table/columns';
import { greatestPosition } from '../../table/greatest-position';
import { ensureLog } from '../../table/log-table';
import { type OpenTable, openTable } from '../../table/open';
import { beforeReplace, newSourceKeeps } from './run-errors';

/** Of plain loads: before all minors that rows of DMS's own loads have, which stand at major 0 too. */
const BEFORE_CHANGES = -(1n << 62n);

/** What is known of a load before anything is read of its copy. */
export interface Beginning extends Pick<Load, 'replaces' | 'copy' | 'fingerprint' | 'dateReceived'> {
  /** Columns of the copy, derived ones too. */
  readonly columns: readonly ColumnShape[];
  /** Where the copy stands among the source's changes, in the source's own coordinates. */
  readonly at?: { readonly major: bigint; readonly minor: bigint };
  /** What the ledger held when the copy was first heard of: changes since are newer than it. Default: what it holds now. */
  readonly since?: Standing & { readonly count: number };
  /**
   * Whether the changes that follow come from another source than those before: positions of the two are never compared
   * (PROTOCOL.md, P5).
   */
  readonly newSource?: boolean;
  /** The name it gets. Default: a fresh one. */
  readonly load?: string | undefined;
}

/** A load that is under way, and the log that its rows are for. */
export interface Begun {
  readonly standing: StandingLoad;
  readonly log: OpenTable;
}

/**
 * Begins a load of a table (PROTOCOL.md, L): its position is settled now. Without coordinates of its own a plain load
 * stands before every change of its source, a replace just after all that the ledger holds.
 * @returns undefined when another load of the table is under way, or one of this name was begun before
 * @throws TM_2768 where a replace stands that drops all of it, TM_2766 for another source's copy beside rows that stand,
 * TM_1010, TM_1011 for a table that takes no loads, TM_3008 to TM_3010 for columns or a key that the log cannot have
 */
export async function begin(
  ports: LakePorts,
  table: ResolvedTable,
  { columns, at, since, newSource = false, load: name, ...what }: Beginning,
): Promise<Begun | undefined> {
  requireLoads(table);
  const log = await ensureLog(ports, table, columns);
  const current = await openTable(ports, table.name);
  const holds = !current || currentSnapshot(current.metadata) === undefined;
  if (newSource && !what.replaces && !holds) throw newSourceKeeps(table.name);
  const planned = async (counter: Counter): Promise<Load> => {
    const known = since?.after ?? (await greatestPosition(ports, table.name));
    const ordinal = (counter.loads ?? 0) + 1;
    const generation = counter.generation + (newSource ? 1 : 0);
    const where = `a load of ${table.name}`;
    const before = position(generation, 0n, BEFORE_CHANGES + BigInt(ordinal), where);
    const given = at && position(generation, at.major, at.minor, where);
    const load: Load = {
      ...what,
      id: name ?? ports.ids.fresh(),
      ordinal,
      position: given ?? (what.replaces ? maxPosition(before, justAfter(known)) : before),
      generation,
      entry: since?.entry ?? counter.next,
      ...(since ? { reload: since.count } : {}),
      at: ports.clock.now(),
      holds,
      state: 'open',
      ...(newSource ? { newSource } : {}),
    };
    checkReplaced(table.name, counter, load);
    return load;
  };
  const standing = await beginLoad(ports.items, table.name, planned);
  return standing && { standing, log };
}

/** Rows before a replace are dropped by it: nobody would see them, and they would count as loaded. @throws TM_2768 */
function checkReplaced(table: string, { replaced }: Counter, { position, entry }: Load): void {
  if (!replaced) return;
  const at = parsePosition(replaced.position);
  const order = comparePositions(position, at);
  if (order > 0 || (order === 0 && entry > replaced.entry)) return;
  // In the source's own coordinates, as a person says it.
  const major = BigInt.asUintN(MAJOR_BITS, at.major);
  throw beforeReplace(table, formatPosition({ ...at, major }));
}
