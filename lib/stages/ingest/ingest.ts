import { createHash } from 'node:crypto';
import type { Field } from '../../columnar/types';
import type { ResolvedLake } from '../../config/resolved';
import { requireKey } from '../../config/resolved';
import { TidemarkError } from '../../errors';
import type { DeclaredColumn, OpenedFile } from '../../formats/format';
import { currentSchema } from '../../iceberg/metadata';
import { readCounter } from '../../ledger/counter';
import { readQuarantined, release } from '../../ledger/quarantine';
import { noteStep } from '../../ledger/received';
import { holdsLoad, readSeen, recordSource, type SourceRef } from '../../ledger/sources';
import type { LakePorts } from '../../ports/lake-ports';
import { LOG_COLUMNS } from '../../table/columns';
import { checkLedger, statedCursor } from '../../table/cursor';
import { ensureLog } from '../../table/log-table';
import { BadRows } from './bad-rows';
import { checkDeletedWhen } from './deleted-when';
import { reloadHeld } from './errors';
import { type Identified, identify, openSource, type SourceObject, strayIdentity } from './identify';
import { openFormat } from './open-file';
import { placeOf, ruleOf } from './position-rule';
import type { Ingested, IngestOptions } from './request';
import { setAside } from './set-aside';
import { settle } from './settle';
import type { PositionRule, SettleContext, Settled } from './settled';
import { writeDeltas } from './write-deltas';

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
  const object = await openSource(request);
  const file = await identified(ports, lake, object, request);
  if ('outcome' in file) return file;
  const marker = markerOf(file, request.onlyRows);
  const { items } = ports;
  const place = { identity: file.identity, object: object.path, table: file.table.name };
  const known = await readSeen(items, file.table.name, marker);
  const about = {
    object: object.path,
    table: file.table.name,
    identity: file.identity,
    dateReceived: file.dateReceived,
  };
  if (known) return { ...about, outcome: 'seen', first: known.first, count: known.count, rows: known.rows };
  requireKey(file.table);
  if (!request.dryRun) await noteStep(items, place, { at: ports.clock.now(), what: 'received' });
  try {
    if (await holdsLoad(items, sourceRef(file, marker))) throw reloadHeld(object.name);
    const became = request.dryRun ? tryOut(ports, file, request) : takeIn(ports, lake, file, marker, request);
    return { ...about, ...(await became) };
  } catch (error) {
    if (!(error instanceof TidemarkError) || !isFileFault(error)) throw error;
    return setAside(ports, file, { error, rows: [], badRows: 0, scope: 'file' }, request);
  }
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

/** Faults of formats and values (21xx to 23xx) and of a schema that does not fit (3008, 3009, 4008) are the file's own. */
function isFileFault(error: TidemarkError): boolean {
  return /^TM_2[123]|^TM_300[89]|^TM_4008/.test(error.code);
}

async function takeIn(
  ports: LakePorts,
  lake: ResolvedLake,
  file: Identified,
  marker: string,
  request: IngestOptions,
): Promise<Omit<Ingested, 'object'>> {
  // First of all, so that a file that cannot even be opened keeps its place until it is replayed (PROTOCOL.md, P3).
  const sight = await placeOf(ports, file);
  const opened = await openFormat(ports, file);
  for (;;) {
    const bad = new BadRows(file.table.onBadRow === 'quarantineFile' && !request.onlyRows);
    const log = await ensureLog(ports, file.table.name, shapesOf(file, opened));
    checkDeletedWhen(file.table, currentSchema(log.metadata).fields, file.object.name);
    const merged = statedCursor(log.metadata);
    if (merged) await checkLedger(ports, file.table.name, merged);
    const counter = await readCounter(ports.items, file.table.name);
    const rule = ruleOf(file, counter.generation, sight);
    const rows = settledRows(
      opened,
      settleContext(file, opened, currentSchema(log.metadata).fields, rule),
      bad,
      request,
    );
    const place = { table: file.table.name, dateReceived: file.dateReceived, entry: counter.next };
    const deltas = await writeDeltas(ports, place, rows, lake.limits);
    const held = await bad.hold(ports, file, request);
    if (held) return held;
    const written = { deltas, counter, now: ports.clock.now() };
    const done = await recordSource(ports.items, sourceRef(file, marker), written);
    if (done.outcome === 'outdated') continue;
    if (done.outcome === 'reload') {
      await holdsLoad(ports.items, sourceRef(file, marker));
      throw reloadHeld(file.object.name);
    }
    if (bad.count === 0) await releaseCopies(ports, file);
    if (done.outcome === 'seen') return { outcome: 'seen' };
    const known = { identity: file.identity, object: file.object.path, table: file.table.name };
    const step = { what: 'taken-in' as const, first: done.first, count: deltas.length };
    await noteStep(ports.items, known, { at: ports.clock.now(), ...step });
    const taken = deltas.reduce((sum, d) => sum + d.rows, 0);
    return {
      outcome: bad.outcome(taken),
      first: done.first,
      count: deltas.length,
      rows: taken,
      badRows: bad.count,
    };
  }
}

/** A file that is in waits no longer: under its own identity, nor as a stray from before its table was declared. */
async function releaseCopies(ports: LakePorts, file: Identified): Promise<void> {
  for (const id of [file.identity, strayIdentity(file.object)]) {
    if (await readQuarantined(ports.items, id)) await release(ports.items, id);
  }
}

/** Decodes, settles and counts; writes nothing. */
async function tryOut(
  ports: LakePorts,
  file: Identified,
  request: IngestOptions,
): Promise<Omit<Ingested, 'object'>> {
  const opened = await openFormat(ports, file);
  const bad = new BadRows(file.table.onBadRow === 'quarantineFile' && !request.onlyRows);
  const rule = ruleOf(file, 0, { instant: file.instant, n: 0 });
  const names = [...shapesOf(file, opened), ...LOG_COLUMNS];
  const fields = names.map((c, i) => ({ id: i + 1, ...c, required: false }));
  let taken = 0;
  for await (const settled of settledRows(opened, settleContext(file, opened, fields, rule), bad, request)) {
    taken += settled.batch.length;
  }
  const held = await bad.hold(ports, file, request);
  return held ?? { outcome: bad.outcome(taken), rows: taken, count: 0, badRows: bad.count };
}

/** The columns the log must have: the declared ones, then the file's own, without those that never enter the lake. */
function shapesOf(file: Identified, opened: OpenedFile): DeclaredColumn[] {
  const all = [...file.table.columns, ...opened.columns].filter(c => !file.table.omit.includes(c.name));
  return all.filter((c, i) => all.findIndex(other => other.name === c.name) === i);
}

function settleContext(file: Identified, opened: OpenedFile, fields: readonly Field[], rule: PositionRule) {
  return { table: file.table, columns: opened.columns, fields, rule, dateReceived: file.dateReceived };
}

/** What the ledger knows as taken in: the file, or some of its rows that were put aside when the others came in. */
function markerOf(file: Identified, onlyRows: ReadonlySet<number> | undefined): string {
  if (!onlyRows) return file.identity;
  const rows = createHash('sha256')
    .update([...onlyRows].join())
    .digest('hex');
  return `${file.identity}-${rows.slice(0, 16)}`;
}

function sourceRef(file: Identified, marker: string): SourceRef {
  const load = file.copy && { place: file.copy.place, identity: file.identity };
  return { table: file.table.name, identity: marker, object: file.object.path, load };
}

async function* settledRows(
  opened: OpenedFile,
  context: SettleContext,
  bad: BadRows,
  request: IngestOptions,
): AsyncGenerator<Settled> {
  for await (const decoded of opened.batches()) {
    const settled = settle(decoded, { ...context, onlyRows: request.onlyRows });
    bad.add(decoded, settled, request.onlyRows);
    if (!bad.stops) yield settled;
  }
}
