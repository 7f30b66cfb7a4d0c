import { type ResolvedLake, type ResolvedTable, requireKey } from '../../config/resolved';
import { TidemarkError } from '../../errors';
import { recordRecords, type Scale } from '../../ledger/streams';
import type { StreamRecord } from '../../ports/change-stream';
import type { ItemAction } from '../../ports/items';
import type { LakePorts } from '../../ports/lake-ports';
import type { Settled } from '../ingest/settled';
import { untilNumbered } from '../ingest/until-numbered';
import { writeDeltas } from '../ingest/write-deltas';
import type { Placed } from './places';
import { withoutRepeats } from './repeats';
import type { TableTaken } from './request';
import type { Routed } from './route';
import {
  type BadRecord,
  NO_SCHEMA,
  type SettledRecords,
  type SettleRequest,
  settleRecords,
} from './settle-records';

/** Records of one table, and what makes them count once. */
export interface Work {
  readonly table: ResolvedTable;
  readonly records: readonly Placed<Routed<Pick<StreamRecord, 'arrivedAt'>>>[];
  /** `YYYY-MM-DD` */
  readonly dateReceived: string;
  /** Their positions' generation, where they were counted before; else the table's present one. */
  readonly generation?: number;
  /** What the positions of the table's records are made of. Default: what those of the first are. */
  readonly scale?: Scale;
  /** Somebody asked for this table by its name. */
  readonly asked?: boolean;
  /** What the entries' source is. */
  readonly source: string;
  /**
   * What goes into the transaction: the action whose condition fails where somebody else has dealt with them, and what
   * the bad ones leave behind. `scale` is that of the others, undefined when all are bad.
   */
  readonly commit: (
    bad: readonly BadRecord[],
    generation: number,
    scale?: Scale,
  ) => Promise<{ guard: ItemAction; beside: readonly ItemAction[] }>;
}

/**
 * Takes in the records of a table: settle, write deltas under fresh names, then one transaction. Undefined when its
 * guard failed: what it stood on has to be read again.
 * @throws TidemarkError for faults of the lake, never for those of records or of their table's declaration
 */
export async function takeIn(
  ports: LakePorts,
  lake: ResolvedLake,
  work: Work,
): Promise<TableTaken | undefined> {
  const { table, records } = work;
  return untilNumbered(ports, table.name, async ({ counter, turn }) => {
    const generation = work.generation ?? counter.generation;
    const fresh = await withoutRepeats(ports, table.name, records, counter.version);
    const found = await settleAll(ports, fresh.records, { ...work, generation });
    const { settled, schema, scale, leftOut } = found;
    const bad = found.bad.map(one => ({ ...one, at: fresh.places[one.at]! }));
    const { dateReceived, source, commit } = work;
    const { next: entry, vacuumCount } = counter;
    const place = { table: table.name, dateReceived, entry };
    const deltas = await writeDeltas(ports, place, each(settled), lake.limits);
    const written = { source, deltas, entry, vacuumCount, schema };
    const { guard, beside } = await commit(bad, generation, scale);
    const { stands } = fresh;
    const transaction = { table: table.name, guard, beside: [...beside, ...fresh.note(found.bad)], stands };
    const who = { now: ports.clock.now(), turn };
    const recorded = await recordRecords(ports.items, transaction, written, who);
    if (recorded.outcome === 'outdated') return { outdated: deltas };
    if (recorded.outcome === 'guarded') return { done: undefined };
    const rows = deltas.reduce((sum, delta) => sum + delta.rows, 0);
    const outcome =
      bad.length === 0 ? 'taken-in' : bad.length < records.length ? 'rows-quarantined' : 'quarantined';
    const first = deltas.length > 0 ? { first: recorded.first } : {};
    const repeated = records.length - fresh.records.length;
    const counts = {
      ...{ count: deltas.length, rows, badRows: bad.length },
      ...(leftOut > 0 ? { leftOut } : {}),
      ...(repeated > 0 ? { repeated } : {}),
    };
    return { done: { table: table.name, outcome, ...first, ...counts } };
  });
}

/** Settles them, or finds all of them bad where the table as it is declared takes none. */
async function settleAll(
  ports: LakePorts,
  records: Work['records'],
  request: SettleRequest,
): Promise<SettledRecords> {
  try {
    requireKey(request.table);
    return await settleRecords(ports, records, request);
  } catch (error) {
    if (!(error instanceof TidemarkError) || !isTableFault(error)) throw error;
    const { code, what: reason } = error;
    const bad = records.map((_, at) => ({ at, code, reason }));
    return { settled: [], bad, leftOut: 0, schema: NO_SCHEMA };
  }
}

/** A table without a key or of another mode, and a schema that does not fit: the table's records wait until it is mended. */
function isTableFault(error: TidemarkError): boolean {
  return /^TM_101[01]|^TM_2[123]|^TM_3008|^TM_3009|^TM_3010|^TM_4008/.test(error.code);
}

async function* each(settled: readonly Settled[]): AsyncGenerator<Settled> {
  yield* settled;
}
