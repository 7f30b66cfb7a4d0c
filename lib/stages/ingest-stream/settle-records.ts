import { dmsSequence } from '../../change/position';
import { valueAt } from '../../columnar/kernels';
import { isOmitted, type ResolvedTable } from '../../config/resolved';
import { type RowFault, recordsOwn } from '../../formats/errors';
import type { DecodedBatch } from '../../formats/format';
import { type ChangesRequest, decodeChanges, type JsonChange } from '../../formats/json-changes';
import { dmsBookkeeping, plainBookkeeping } from '../../formats/layout';
import type { RecordFormat } from '../../formats/stream-message';
import { currentSchema } from '../../iceberg/metadata';
import type { Scale } from '../../ledger/streams';
import type { StreamRecord } from '../../ports/change-stream';
import type { LakePorts } from '../../ports/lake-ports';
import { columnsToRead, isReserved } from '../../table/columns';
import { checkLedger, statedCursor } from '../../table/cursor';
import { reservedColumn } from '../../table/errors';
import { ensureLog } from '../../table/log-table';
import { openLog } from '../../table/renames';
import { checkDeletedWhen } from '../ingest/deleted-when';
import { settle } from '../ingest/settle';
import type { PositionRule, Settled } from '../ingest/settled';
import { whereOf } from '../ingest/where';
import { computed, withoutDefects } from './defects';
import { otherScale, recordSequence, unfitForTable, unusableName } from './errors';
import type { Placed } from './places';
import type { Routed } from './route';

type Change = Placed<Routed<Pick<StreamRecord, 'arrivedAt'>>>;

/** A record that cannot be taken in, by its place among those given. */
export type BadRecord = RowFault & { readonly at: number };

export interface SettleRequest {
  readonly table: ResolvedTable;
  readonly generation: number;
  readonly dateReceived: string;
  /** What the positions of the table's records before are made of. */
  readonly scale?: Scale;
  /** Somebody asked for this table by its name: what its `where` leaves out is lost nowhere, but bad. */
  readonly asked?: boolean;
}

export interface SettledRecords {
  /** All for one schema. */
  readonly settled: readonly Settled[];
  readonly bad: BadRecord[];
  /** Records that are not the table's, as `where` says. */
  readonly leftOut: number;
  /** The log's schema that they are settled for. */
  readonly schema: number;
  /** What their positions are made of; undefined when all are bad. */
  readonly scale?: Scale;
}

/** The schema of no delta. */
export const NO_SCHEMA = -1;

/**
 * The records as the table's log holds them, and those that are left out. The log is given the columns they need
 * first, by a commit of its own (PROTOCOL.md, S).
 * @throws TidemarkError for what concerns the whole table
 */
export function settleRecords(
  ports: LakePorts,
  records: readonly Change[],
  request: SettleRequest,
): Promise<SettledRecords> {
  return withoutDefects(records, some => settleTogether(ports, some, request));
}

/**
 * Records of each format apart: what a member means, and a missing one, is the format's. One may give the log a column
 * that another was settled without, so all are settled again until one schema holds for all.
 */
async function settleTogether(
  ports: LakePorts,
  records: readonly Change[],
  request: SettleRequest,
): Promise<SettledRecords> {
  const scale = scaleFor(records, request);
  const { groups, bad } = byFormat(records, scale);
  for (;;) {
    const parts: SettledGroup[] = [];
    for (const { format, at } of groups)
      parts.push(
        await settleGroup(
          ports,
          at.map(i => records[i]!),
          format,
          request,
        ),
      );
    const schemas = new Set(parts.map(part => part.schema));
    if (schemas.size > 1) continue;
    const faults = parts.flatMap((part, g) => part.bad.map(one => ({ ...one, at: groups[g]!.at[one.at]! })));
    return {
      settled: parts.map(part => part.settled),
      bad: [...bad, ...faults].sort((a, b) => a.at - b.at),
      leftOut: parts.reduce((sum, part) => sum + part.leftOut, 0),
      schema: parts[0]?.schema ?? NO_SCHEMA,
      ...(parts.some(part => part.settled.batch.length > 0) ? { scale } : {}),
    };
  }
}

const scaleOfFormat = (format: RecordFormat): Scale['kind'] => (format === 'debezium' ? 'binlog' : 'clock');

/** That of the records before in their generation, else that of the first. */
function scaleFor(
  records: readonly Change[],
  { scale, generation }: Pick<SettleRequest, 'scale' | 'generation'>,
): Scale {
  if (scale?.generation === generation) return scale;
  return { kind: scaleOfFormat(records[0]?.format ?? 'dms'), generation };
}

/**
 * The records' places by format, and those whose positions are of another scale: a clock and a binlog do not say which
 * of two changes came later (PROTOCOL.md, P5).
 */
function byFormat(
  records: readonly Change[],
  scale: Scale,
): {
  groups: readonly { format: RecordFormat; at: number[] }[];
  bad: readonly BadRecord[];
} {
  const groups = new Map<RecordFormat, number[]>();
  const bad: BadRecord[] = [];
  records.forEach(({ format, unfit }, i) => {
    const group = groups.get(format);
    if (unfit) bad.push({ at: i, ...unfit });
    else if (scaleOfFormat(format) !== scale.kind) bad.push({ at: i, ...otherScale(format) });
    else if (group) group.push(i);
    else groups.set(format, [i]);
  });
  return { groups: Array.from(groups, ([format, at]) => ({ format, at })), bad };
}

interface SettledGroup {
  readonly settled: Settled;
  /** By their places in the group. */
  readonly bad: readonly BadRecord[];
  readonly leftOut: number;
  readonly schema: number;
}

async function settleGroup(
  ports: LakePorts,
  records: readonly Change[],
  format: RecordFormat,
  { table, generation, dateReceived, asked }: SettleRequest,
): Promise<SettledGroup> {
  const before = await openLog(ports, table);
  const known = columnsToRead(table, before ? currentSchema(before.metadata).fields : []);
  const { arrivedAt } = table.record;
  const reading = readingOf(table, format);
  const { columns, batch } = computed(() =>
    decodeChanges(
      records.map(record => (arrivedAt === undefined ? record.change : dated(record))),
      {
        columns: known,
        ...boundOf(format, known.length - table.columns.length),
        ...(table.written ? { written: table.written } : {}),
        key: table.key,
        ...reading,
        ...whereOf(table),
        ...(asked ? { leftOutIs: unfitForTable(table.name) } : {}),
        aliases: table.aliases,
        others: table.others,
        record: table.record,
        refuses: refusesFor(table),
      },
    ),
  );
  const shapes = columns.filter(column => !isOmitted(table, column.name));
  const log = await ensureLog(ports, table, shapes);
  const { fields } = currentSchema(log.metadata);
  checkDeletedWhen(table, fields, table.name);
  const merged = statedCursor(log.metadata);
  if (merged) await checkLedger(ports, table.name, merged);
  const rule = ruleOf(records, batch, generation, format);
  const namedByRow = reading.missing === 'absent';
  const settled = computed(() => settle(batch, { table, columns, namedByRow, fields, rule, dateReceived }));
  const bad = [...batch.bad, ...settled.faults].map(({ row, code, reason, column }) => ({
    at: row,
    code,
    reason,
    ...(column === undefined ? {} : { column }),
  }));
  const schema = log.metadata['current-schema-id'];
  return { settled, bad, leftOut: (batch.leftOut ?? 0) + settled.leftOut, schema };
}

function dated({ change, arrivedAt }: Change): JsonChange {
  return { ...change, arrivedAt: new Date(Math.round(arrivedAt)).toISOString() };
}

/** What a record's members mean. A DMS record leaves out what is NULL; any other says nothing of what it lacks. */
function readingOf(
  { format: options = {}, absent }: ResolvedTable,
  format: RecordFormat,
): Pick<ChangesRequest, 'bookkeeping' | 'missing'> {
  if (format === 'json') return { bookkeeping: plainBookkeeping(options), missing: 'absent' };
  // An event stands where it arrived, and changed when it was received: its table's option names an op alone.
  if (format === 'event') return { bookkeeping: { op: options.opColumn }, missing: 'absent' };
  if (format !== 'dms') return { bookkeeping: {}, missing: 'absent' };
  const { changedAt, sequence } = dmsBookkeeping(options);
  return { bookkeeping: { changedAt, sequence }, missing: absent === 'unchanged' ? 'absent' : 'null' };
}

/** As many columns a table gets that nobody declared, of whoever writes JSON: their names may be anybody's. */
const UNDECLARED_COLUMNS_MAX = 500;

/** A database has as many columns as its tables can; the width of events is their sender's, and stays. */
function boundOf(format: RecordFormat, undeclared: number): Pick<ChangesRequest, 'newColumnsMax'> {
  if (format === 'dms' || format === 'debezium') return {};
  return { newColumnsMax: Math.max(0, UNDECLARED_COLUMNS_MAX - undeclared) };
}

const COLUMN_NAME_MAX = 255;

/** A name that a catalog refuses would stop the table's every commit. What is omitted enters no table. */
function refusesFor({ omit, record }: ResolvedTable): ChangesRequest['refuses'] {
  const own = new Set([record.text, record.arrivedAt].map(name => name?.toLowerCase()));
  return name => {
    if (omit.includes(name)) return undefined;
    if (own.has(name.toLowerCase())) return recordsOwn(name);
    if (name === '' || name.length > COLUMN_NAME_MAX || /\p{Cc}/u.test(name)) return unusableName(name);
    if (!isReserved(name)) return undefined;
    const { code, what } = reservedColumn('', name);
    return { code, reason: what, column: name };
  };
}

/**
 * The position that its source states, a record's own sequence, else (of events) its commit time, else its place; a load
 * stands before every change.
 */
function ruleOf(
  records: readonly Change[],
  batch: DecodedBatch,
  generation: number,
  format: RecordFormat,
): PositionRule {
  const at = new Map(Array.from(batch.row, (ordinal, i) => [ordinal, i]));
  const own = (column: DecodedBatch['sequence'], ordinal: number) =>
    column && valueAt(column, at.get(ordinal)!);
  const ofRow = (ordinal: number) => {
    const { place, load, position } = records[ordinal]!;
    if (load) return { major: 0n, minor: place.minor };
    if (position) return position;
    const sequence = own(batch.sequence, ordinal);
    if (typeof sequence === 'string' && sequence !== '') return ofSequence(sequence);
    // DMS's commit times tie within a second; an event has one only where the config names its member.
    const changedAt = format === 'json' ? own(batch.changedAt, ordinal) : undefined;
    return typeof changedAt === 'bigint' ? { major: changedAt, minor: place.minor } : place;
  };
  return { generation, ownPositions: false, ofRow, withinCommit: () => 0n };
}

function ofSequence(sequence: string): { major: bigint; minor: bigint } {
  const parsed = dmsSequence(sequence);
  if (!parsed) throw recordSequence(sequence);
  return { major: parsed.micros, minor: parsed.counter };
}
