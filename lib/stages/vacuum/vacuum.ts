import type { LakePorts } from '../../ports/lake-ports';
import { commitMetadata } from '../../table/commit-metadata';
import { expireBySchedule } from '../../table/expire';
import { namesTooMany, removalRefused } from './errors';
import { noteTheUnnamed } from './note';
import { ownTables } from './own';
import { type Removed, removeDue } from './remove';
import type { Run } from './run';

export interface Vacuumed {
  /** Objects now known to be unnamed, waiting out the margin. */
  readonly waiting: number;
  /** How many objects went, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** The keys of the first 10,000 of them. */
  readonly removed: readonly string[];
  /** Time ran out first: the next run goes on there. */
  readonly unfinished: boolean;
}

/** The longest query and the longest writer, plus a margin. */
export const VACUUM_MARGIN_MS = 24 * 3_600_000;

const AT_ONCE_MAX = 100_000;

/**
 * Removes objects that nothing names, in two passes (PROTOCOL.md, V1): a run lists, reads what names objects, and
 * records the unnamed ones with its time; a later run removes those still unnamed after the margin, behind a fence,
 * and does so first. A crash anywhere, or the end of its time, leaves what the next run finds.
 * @param until when to hand back, milliseconds since 1970
 * @throws TM_3101 when that is too soon to judge anything, TM_3102 at the end when the store refused to remove some
 */
export async function vacuum(
  ports: LakePorts,
  marginMs: number = VACUUM_MARGIN_MS,
  until: number = Number.POSITIVE_INFINITY,
  atOnce: number = AT_ONCE_MAX,
): Promise<Vacuumed> {
  const now = ports.clock.now();
  const over = () => ports.clock.now() >= until;
  const run: Run = { ports, own: await ownTables(ports), now, marginMs, atOnce, over, judged: false };
  for (const table of run.own)
    if (!over()) await commitMetadata(ports, table, md => expireBySchedule(md, now));
  const tally: Removed = { objects: 0, bytes: 0, keys: [], refused: 0, waiting: 0 };
  const noted = (objects: number) => {
    tally.waiting += objects;
  };
  const finished = (await removeDue(run, tally)) && (await noteTheUnnamed(run, noted));
  if (!finished && !run.judged) throw namesTooMany();
  if (tally.firstRefused) throw removalRefused(tally.refused, tally.firstRefused);
  const { waiting, objects, bytes, keys } = tally;
  return { waiting, objects, bytes, removed: keys, unfinished: !finished };
}
