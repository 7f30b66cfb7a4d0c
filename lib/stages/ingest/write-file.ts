import type { Field } from '../../columnar/types';
import { isOmitted, type ResolvedLake } from '../../config/resolved';
import type { DeclaredColumn, OpenedFile } from '../../formats/format';
import { currentSchema } from '../../iceberg/metadata';
import type { NewSource } from '../../ledger/sources';
import type { LakePorts } from '../../ports/lake-ports';
import { LOG_COLUMNS } from '../../table/columns';
import { checkLedger, statedCursor } from '../../table/cursor';
import { ensureLog } from '../../table/log-table';
import { BadRows } from './bad-rows';
import type { ColumnNews } from './column-news';
import { checkDeletedWhen } from './deleted-when';
import type { Identified } from './identify';
import { openFormat } from './open-file';
import { ruleOf } from './position-rule';
import { aboutFile, type Prepared } from './prepare';
import type { Ingested, IngestOptions } from './request';
import { settle } from './settle';
import type { PositionRule, SettleContext, Settled } from './settled';
import type { Try } from './until-numbered';
import { writeDeltas } from './write-deltas';

/** A file's deltas, to be numbered. */
export interface WrittenFile extends NewSource {
  readonly prepared: Prepared;
  readonly bad: BadRows;
  readonly news: ColumnNews;
  /** Rows that `where` leaves out. */
  readonly leftOut: number;
}

/**
 * Decodes a file, conforms it to the log's schema, and writes its deltas; the answer to a file none of which may count.
 * @param pending deltas that are written and get the numbers before these
 */
export async function writeFile(
  ports: LakePorts,
  lake: ResolvedLake,
  prepared: Prepared,
  { counter, pending }: Pick<Try, 'counter'> & { readonly pending: number },
): Promise<WrittenFile | Ingested> {
  const { file, ref, request, sight } = prepared;
  const opened = await openFormat(ports, file);
  const bad = badRowsOf(file, request);
  const { metadata } = await ensureLog(ports, file.table, shapesOf(file, opened));
  const { fields } = currentSchema(metadata);
  checkDeletedWhen(file.table, fields, file.object.name);
  const merged = statedCursor(metadata);
  if (merged) await checkLedger(ports, file.table.name, merged);
  const rule = ruleOf(file, counter.generation, sight);
  const counts = { bad, leftOut: 0 };
  const rows = settledRows(opened, settleContext(file, opened, fields, rule), counts, request);
  const entry = counter.next + pending;
  const place = { table: file.table.name, dateReceived: file.dateReceived, entry };
  const deltas = await writeDeltas(ports, place, rows, lake.limits);
  const held = await bad.hold(ports, file, request);
  if (held) return { ...aboutFile(file), ...held };
  const schema = metadata['current-schema-id'];
  const { vacuumCount } = counter;
  const { news } = opened;
  const written = { source: ref.identity, deltas, entry, vacuumCount, schema };
  return { prepared, ...counts, news, ref, written };
}

/** Decodes, settles and counts; writes nothing. */
export async function tryOut(
  ports: LakePorts,
  { file, request, sight }: Prepared,
): Promise<Omit<Ingested, 'object'>> {
  const opened = await openFormat(ports, file);
  const bad = badRowsOf(file, request);
  const names = [...shapesOf(file, opened), ...LOG_COLUMNS];
  const fields = names.map((c, i) => ({ id: i + 1, ...c, required: false }));
  const context = settleContext(file, opened, fields, ruleOf(file, 0, sight));
  const counts = { bad, leftOut: 0 };
  let taken = 0;
  for await (const settled of settledRows(opened, context, counts, request)) taken += settled.batch.length;
  const held = await bad.hold(ports, file, request);
  if (held) return held;
  const outcome = bad.outcome(taken);
  return { outcome, rows: taken, count: 0, badRows: bad.count, ...leftOutOf(counts), ...opened.news };
}

/** What is said of rows that were left out: nothing where there are none. */
export function leftOutOf({ leftOut }: { readonly leftOut: number }): { leftOut?: number } {
  return leftOut > 0 ? { leftOut } : {};
}

function badRowsOf({ table }: Identified, { onlyRows }: IngestOptions): BadRows {
  return new BadRows(table.onBadRow === 'quarantineFile' && !onlyRows);
}

/** The columns the log must have: the declared ones, then the file's own, without those that never enter the lake. */
function shapesOf(file: Identified, opened: OpenedFile): DeclaredColumn[] {
  const all = [...file.table.columns, ...opened.columns].filter(c => !isOmitted(file.table, c.name));
  return all.filter((c, i) => all.findIndex(other => other.name === c.name) === i);
}

function settleContext(file: Identified, opened: OpenedFile, fields: readonly Field[], rule: PositionRule) {
  const { table, dateReceived } = file;
  return {
    table,
    columns: opened.columns,
    namedByRow: file.kind === 'json-lines',
    fields,
    rule,
    dateReceived,
  };
}

async function* settledRows(
  opened: OpenedFile,
  context: SettleContext,
  counts: { readonly bad: BadRows; leftOut: number },
  request: IngestOptions,
): AsyncGenerator<Settled> {
  const { bad } = counts;
  for await (const decoded of opened.batches()) {
    counts.leftOut += decoded.leftOut ?? 0;
    const settled = settle(decoded, { ...context, onlyRows: request.onlyRows });
    counts.leftOut += settled.leftOut;
    bad.add(decoded, settled, request.onlyRows);
    if (!bad.stops) yield settled;
  }
}
