import type { ResolvedLake } from '../../config/resolved';
import { TidemarkError } from '../../errors';
import { readCounter } from '../../ledger/counter';
import { readQuarantined, release } from '../../ledger/quarantine';
import { noteStep } from '../../ledger/received';
import { holdsLoad, type Standing } from '../../ledger/reloads';
import { type Recorded, recordSources } from '../../ledger/sources';
import type { LakePorts } from '../../ports/lake-ports';
import { greatestPosition } from '../../table/greatest-position';
import { type ColumnNews, kept } from './column-news';
import { reloadHeld } from './errors';
import { type Identified, strayIdentity } from './identify';
import { aboutFile, type Prepared, prepare } from './prepare';
import type { Ingested, IngestOptions } from './request';
import { setAside } from './set-aside';
import { untilNumbered } from './until-numbered';
import { leftOutOf, tryOut, type WrittenFile, writeFile } from './write-file';

/**
 * Takes in one file: decode, conform to the schema, write deltas under fresh names, then one ledger transaction
 * that says they count (PROTOCOL.md, I). A repeat is a no-op. What cannot be read goes to quarantine with its
 * reason, before anything else of the file counts, so that a crash loses neither rows nor reasons.
 * @throws TidemarkError only for faults of the request or the lake, never for those of the file
 */
export async function ingest(
  ports: LakePorts,
  lake: ResolvedLake,
  request: IngestOptions,
): Promise<Ingested> {
  const prepared = await prepare(ports, lake, request);
  if ('outcome' in prepared) return prepared;
  if (!request.dryRun) return takeIn(ports, lake, prepared);
  return orAside(ports, prepared, async () => {
    await checkLoad(ports, prepared);
    return { ...aboutFile(prepared.file), ...(await tryOut(ports, prepared)) };
  });
}

/**
 * Takes in a file that is not in yet.
 * @param first what the first try found new about its columns: from then on the table has them
 */
export async function takeIn(
  ports: LakePorts,
  lake: ResolvedLake,
  prepared: Prepared,
  first?: ColumnNews,
): Promise<Ingested> {
  let news = first;
  await noteReceived(ports, prepared);
  return orAside(ports, prepared, async () => {
    await checkLoad(ports, prepared);
    const { table } = prepared.ref;
    return untilNumbered<Ingested>(ports, table, async ({ counter, turn }) => {
      const written = await writeFile(ports, lake, prepared, { counter, pending: 0 });
      if ('outcome' in written) return { done: written };
      news ??= written.news;
      const who = { now: ports.clock.now(), turn };
      const recorded = (await recordSources(ports.items, table, [written], who)).get(written)!;
      if (recorded.outcome === 'outdated') return { outdated: written.written.deltas };
      return { done: await ended(ports, { ...written, news }, recorded) };
    });
  });
}

/** Notes that a file's turn has come: after a crash in the middle of it that is the last step of its way. */
export async function noteReceived(ports: LakePorts, { file }: Prepared): Promise<void> {
  await noteStep(ports.items, placeOf(file), { at: ports.clock.now(), what: 'received' });
}

/** What became of a file by its transaction. @throws TM_2303 */
export async function ended(
  ports: LakePorts,
  { prepared: { file, ref }, bad, news, written: { deltas }, leftOut }: WrittenFile,
  recorded: Exclude<Recorded, { outcome: 'outdated' }>,
): Promise<Ingested> {
  if (recorded.outcome === 'reload') {
    await holdsLoad(ports.items, ref, () => standing(ports, ref.table));
    throw reloadHeld(ref.table, file.object.name);
  }
  if (bad.count === 0) await releaseCopies(ports, file);
  if (recorded.outcome === 'seen') return { ...aboutFile(file), outcome: 'seen' };
  const { first } = recorded;
  const step = { what: 'taken-in' as const, first, count: deltas.length, ...kept(news) };
  await noteStep(ports.items, placeOf(file), { at: ports.clock.now(), ...step });
  const rows = deltas.reduce((sum, d) => sum + d.rows, 0);
  const count = deltas.length;
  const outcome = bad.outcome(rows);
  const counts = { rows, badRows: bad.count, ...leftOutOf({ leftOut }) };
  return { ...aboutFile(file), outcome, first, count, ...counts, ...news };
}

/** What `work` gives; a fault of the file puts it aside. */
export async function orAside<T>(
  ports: LakePorts,
  { file, request }: Prepared,
  work: () => Promise<T>,
): Promise<T | Ingested> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TidemarkError) || !isFileFault(error)) throw error;
    return setAside(ports, file, { error, rows: [], badRows: 0, scope: 'file' }, request);
  }
}

/** Faults of formats and values (21xx to 23xx) and of a schema that does not fit (3008 to 3010, 4008) are the file's own. */
function isFileFault(error: TidemarkError): boolean {
  return /^TM_2[123]|^TM_3008|^TM_3009|^TM_3010|^TM_4008/.test(error.code);
}

/** @throws TM_2303 for a LOAD file that waits for a person */
export async function checkLoad(ports: LakePorts, { file, ref }: Prepared): Promise<void> {
  const held = await holdsLoad(ports.items, ref, () => standing(ports, ref.table));
  if (held) throw reloadHeld(ref.table, file.object.name);
}

/** Read before the positions: what gets a number meanwhile is among both, which does no harm. */
async function standing(ports: LakePorts, table: string): Promise<Standing> {
  const { next } = await readCounter(ports.items, table);
  return { after: await greatestPosition(ports, table), entry: next };
}

/** A file that is in waits no longer: under its own identity, nor as a stray from before its table was declared. */
async function releaseCopies(ports: LakePorts, file: Identified): Promise<void> {
  for (const id of [file.identity, strayIdentity(file.object)]) {
    if (await readQuarantined(ports.items, id)) await release(ports.items, id);
  }
}

function placeOf({ identity, object, table }: Identified) {
  return { identity, object: object.path, table: table.name };
}
