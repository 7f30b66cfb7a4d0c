import { createHash } from 'node:crypto';
import type { ResolvedLake } from '../../config/resolved';
import { requireKey } from '../../config/resolved';
import { TidemarkError } from '../../errors';
import { type FirstSeen, readSeen, type SourceRef } from '../../ledger/sources';
import type { LakePorts } from '../../ports/lake-ports';
import { type Identified, identify, openSource, type SourceObject, strayIdentity } from './identify';
import { placeOf } from './position-rule';
import type { Ingested, IngestOptions } from './request';
import { setAside } from './set-aside';

/** A file that is not in yet: whose it is, and its place among the others. Nothing of it was decoded. */
export interface Prepared {
  readonly file: Identified;
  /** As the ledger knows it once it is taken in. */
  readonly ref: SourceRef;
  /** Its place among the plain files of its instant. */
  readonly sight: FirstSeen;
  readonly request: IngestOptions;
}

/** Finds out what a file is; what became of it where no table takes it in, or it was taken in before. */
export async function prepare(
  ports: LakePorts,
  lake: ResolvedLake,
  request: IngestOptions,
): Promise<Prepared | Ingested> {
  const object = await openSource(request);
  const file = await identified(ports, lake, object, request);
  if ('outcome' in file) return file;
  const ref = refOf(file, request.onlyRows);
  const known = await readSeen(ports.items, file.table.name, ref.identity);
  if (known) {
    const { first, count, rows } = known;
    return { ...aboutFile(file), outcome: 'seen', first, count, rows };
  }
  requireKey(file.table);
  // First of all, so that a file that cannot even be opened keeps its place until it is replayed (PROTOCOL.md, P3).
  const sight = request.dryRun ? { instant: file.instant, n: 0 } : await placeOf(ports, file);
  return { file, ref, sight, request };
}

/** What is said of a file whatever became of it. */
export function aboutFile({ object, table, identity, dateReceived }: Identified) {
  return { object: object.path, table: table.name, identity, dateReceived };
}

/** A file that no table takes in waits in quarantine under its bytes. */
async function identified(
  ports: LakePorts,
  lake: ResolvedLake,
  object: SourceObject,
  request: IngestOptions,
): Promise<Identified | Ingested> {
  try {
    return identify(lake, object, request, request.receivedAt ?? ports.clock.now());
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    const stray = {
      object,
      identity: strayIdentity(object),
      dateReceived: request.date ?? '',
      table: undefined,
    };
    return setAside(ports, stray, { error, rows: [], badRows: 0, scope: 'file' }, request);
  }
}

/** The file, or some of its rows that were put aside when the others came in. */
function refOf(file: Identified, onlyRows: ReadonlySet<number> | undefined): SourceRef {
  const load = file.copy && { place: file.copy.place, identity: file.identity };
  const place = { table: file.table.name, object: file.object.path, load };
  if (!onlyRows) return { ...place, identity: file.identity };
  const rows = createHash('sha256')
    .update([...onlyRows].join())
    .digest('hex');
  return { ...place, identity: `${file.identity}-${rows.slice(0, 16)}` };
}
