import type { TidemarkError } from '../../errors';
import { putAside, type QuarantinedRow, readQuarantined } from '../../ledger/quarantine';
import { noteStep } from '../../ledger/received';
import type { LakePorts } from '../../ports/lake-ports';
import type { Identified } from './identify';
import type { Ingested, IngestOptions } from './request';

/** Why a file waits, and which of its rows. */
export interface Fault {
  readonly error: TidemarkError;
  readonly rows: readonly QuarantinedRow[];
  readonly badRows: number;
  readonly scope: 'file' | 'rows';
}

/** A file as far as it is known: a stray one has no table. */
export type Waiting = Pick<Identified, 'object' | 'identity' | 'dateReceived'> & {
  readonly table: Identified['table'] | undefined;
};

/**
 * Puts a file into quarantine: its bytes first, then the record that names them. A crash between the two leaves a
 * copy that nothing names; the next try of the same file writes another, as vacuum may be about to have that one.
 */
export async function setAside(
  ports: LakePorts,
  file: Waiting,
  fault: Fault,
  request: IngestOptions,
): Promise<Ingested> {
  const { landing, info, path } = file.object;
  const table = file.table?.name;
  if (!request.dryRun) {
    const known = await readQuarantined(ports.items, file.identity);
    const copy = known?.copy ?? `quarantine/${file.identity}/${ports.ids.fresh()}/${file.object.name}`;
    await ports.store.putIfAbsent(copy, landing.stream(info.key, info.etag));
    const at = ports.clock.now();
    // A replay of rows that fails as a whole must leave them listed, or the next one would not look for them.
    const rowsWait = fault.scope === 'file' && request.onlyRows && known?.scope === 'rows';
    await putAside(ports.items, {
      id: file.identity,
      object: path,
      table: table ?? '',
      code: fault.error.code,
      reason: fault.error.what,
      copy,
      // A replay that says otherwise is the newer word.
      date: request.date ?? known?.date,
      askedTable: request.table ?? known?.askedTable,
      scope: rowsWait ? 'rows' : fault.scope,
      rows: rowsWait ? known.rows : fault.rows,
      badRows: rowsWait ? known.badRows : fault.badRows,
      at: known?.at ?? request.receivedAt ?? at,
    });
    const place = { identity: file.identity, object: path, table: table ?? '' };
    await noteStep(ports.items, place, { at, what: 'quarantined', code: fault.error.code });
  }
  return {
    object: path,
    table,
    outcome: fault.scope === 'file' ? 'quarantined' : 'rows-quarantined',
    identity: file.identity,
    error: { code: fault.error.code, reason: fault.error.what, message: fault.error.message },
    badRows: fault.badRows,
  };
}
