import { createHash } from 'node:crypto';
import type { ResolvedTable } from '../../config/resolved';
import type { Entry } from '../../ledger/entries';
import { numberLoad, type StandingLoad } from '../../ledger/loads';
import type { LakePorts } from '../../ports/lake-ports';
import { logTableOf } from '../../table/columns';
import { type LoadFiles, loadFolder } from '../../table/load-files';
import { openTable } from '../../table/open';
import { standsAt } from '../../table/stands-at';
import { positionTaken } from './run-errors';

/**
 * Makes a load part of its table's log, under the next number. The next merge shows its rows, all at once. A crash before
 * the number leaves a manifest that nothing names.
 * @returns the number; undefined when the load was given up, or committed, meanwhile
 * @throws TM_2751 when a change came meanwhile that stands at exactly the load's position
 */
export async function commitLoad(
  ports: LakePorts,
  table: ResolvedTable,
  standing: StandingLoad,
  files: LoadFiles,
): Promise<number | undefined> {
  const { load } = standing;
  const manifest = Buffer.from(JSON.stringify(files));
  const key = `${loadFolder(table.name, load.id)}/manifest-${ports.ids.fresh()}.json`;
  await ports.store.putIfAbsent(key, manifest);
  const bytes = files.parts.reduce((sum, part) => sum + part.bytes, 0);
  const delta = {
    name: load.id,
    key,
    rows: files.parts.reduce((sum, part) => sum + part.rows, 0),
    bytes,
    memory: bytes,
    sha256: createHash('sha256').update(manifest).digest('hex'),
    least: load.position,
    greatest: load.position,
    dateReceived: load.dateReceived,
    partial: false,
    truncates: load.replaces ? 1 : 0,
  };
  const log = (await openTable(ports, logTableOf(table.name)))!;
  const meets = (entry: Entry) => standsAt(ports, log, entry, load.position);
  const numbered = await numberLoad(ports.items, table.name, standing, delta, {
    now: ports.clock.now(),
    meets,
  });
  if ('met' in numbered) throw positionTaken(table.name, numbered.met.name);
  return 'n' in numbered ? numbered.n : undefined;
}
