import { createHash } from 'node:crypto';
import type { RowFault } from '../../formats/errors';
import { quarantineKey } from '../../ledger/keys';
import type { Quarantined } from '../../ledger/quarantine';
import type { StreamRef } from '../../ledger/streams';
import type { StreamRecord } from '../../ports/change-stream';
import type { ItemAction, Items, ItemValue } from '../../ports/items';
import type { LakePorts } from '../../ports/lake-ports';
import { noCopy } from './errors';
import type { Placed } from './places';
import { type RecordRange, rangeText } from './record-range';
import type { RecordsOfFile } from './request';

/** A record that waits in quarantine, why, and the place it keeps. */
export type AsideRecord = Placed<StreamRecord> & {
  readonly fault: RowFault;
  /** The table's source generation when it was counted; of a record that is no table's, that of its replay. */
  readonly generation?: number;
  /** Of a failure object: no batch before has dealt with it. */
  readonly judged?: true;
  /** The one that it waits for, of several tables that take its source table's records. */
  readonly table?: string;
  /** The other tables that it was routed to: each has dealt with it itself, and is not given it again. */
  readonly also?: readonly string[];
};

/** What is known of a record that waits already. */
export type Standing = Pick<AsideRecord, 'judged' | 'table' | 'also'>;

/** A record without what was made of it. */
export function asideOf(
  { shard, sequence, key, data, arrivedAt, place, judged, table, also }: Placed<StreamRecord> & Standing,
  fault: AsideRecord['fault'],
  generation?: number,
): AsideRecord {
  const standing = {
    ...(judged ? { judged } : {}),
    ...(table === undefined ? {} : { table }),
    ...(also === undefined ? {} : { also }),
  };
  const record = { shard, sequence, key, data, arrivedAt, place, fault, ...standing };
  return generation === undefined ? record : { ...record, generation };
}

/** Records of one shard that wait. Their copy is no file that was received: each of its lines is a record. */
export interface QuarantinedRecords extends Quarantined {
  readonly records: {
    readonly source: string;
    readonly stream: StreamRef;
    /** They were kept when a function failed, which may have taken some of them in before: the log's entries say which. */
    readonly failure: boolean;
    /** When the oldest of a failure's arrived, milliseconds since 1970. */
    readonly oldest?: number;
    /** They are lines of a file, which they are numbered by. */
    readonly file?: RecordsOfFile;
  };
}

export function holdsRecords(record: Quarantined): record is QuarantinedRecords {
  return (record as Partial<QuarantinedRecords>).records !== undefined;
}

/** What is put aside, and what of it is known before its bytes are written. */
export interface AsideRequest {
  readonly id: string;
  /** The object that it goes by. */
  readonly object: string;
  /** Empty for records that are no table's. */
  readonly table: string;
  readonly records: readonly AsideRecord[];
  readonly from: QuarantinedRecords['records'];
  /** When it was first put aside, milliseconds since 1970. */
  readonly at: number;
}

/** The same records of the same table go by the same id. */
export function asideId(range: RecordRange, table: string): string {
  return createHash('sha256')
    .update(`${rangeText(range)}\n${table}`)
    .digest('hex')
    .slice(0, 32);
}

const LISTED_ROWS_MAX = 100;
const REASON_CHARS_MAX = 300;

/**
 * Writes the records' bytes under a fresh name, and gives the action that notes them. It belongs into the transaction
 * that deals with the records: a crash before that leaves an object that nothing names, and the records undealt with.
 */
export async function putAsideAction(
  { store, ids }: Pick<LakePorts, 'store' | 'ids'>,
  { id, object, table, records, from, at }: AsideRequest,
  condition?: number,
): Promise<ItemAction> {
  const copy = `quarantine/${id}/${ids.fresh()}/records.jsonl`;
  await store.putIfAbsent(copy, Buffer.from(records.map(lineOf).join('')));
  const rows = records.slice(0, LISTED_ROWS_MAX).map(({ fault, sequence }, row) => ({
    row,
    line: from.file ? Number(sequence) : row + 1,
    ...(fault.column === undefined ? {} : { column: fault.column.slice(0, REASON_CHARS_MAX) }),
    code: fault.code,
    reason: fault.reason.slice(0, REASON_CHARS_MAX),
  }));
  const record: QuarantinedRecords = {
    id,
    object,
    table,
    code: rows[0]!.code,
    reason: rows[0]!.reason,
    copy,
    scope: 'rows',
    rows,
    badRows: records.length,
    at,
    records: from,
  };
  const value = record as unknown as ItemValue;
  return { put: quarantineKey(id), value, ...(condition === undefined ? {} : { if: condition }) };
}

/** The records of a copy, as they were put aside. @throws TM_2328 when the copy is gone */
export async function readQuarantinedRecords(
  { store }: Pick<LakePorts, 'store'>,
  { id, copy }: Quarantined,
): Promise<AsideRecord[]> {
  const bytes = await store.get(copy);
  if (!bytes) throw noCopy(id, copy);
  const lines = Buffer.from(bytes).toString().split('\n');
  return lines.filter(line => line !== '').map(recordOf);
}

/** The ledger's record, and its version for whoever changes it; undefined when it waits no longer. */
export async function readWaiting(
  items: Items,
  id: string,
): Promise<{ waiting: QuarantinedRecords; version: number } | undefined> {
  const item = await items.get(quarantineKey(id));
  return item && { waiting: item.value as unknown as QuarantinedRecords, version: item.version };
}

interface Line {
  readonly shard: string;
  readonly sequence: string;
  readonly key: string;
  readonly arrivedAt: number;
  /** Base64. */
  readonly data: string;
  readonly major: string;
  readonly minor: string;
  readonly generation?: number;
  readonly judged?: true;
  readonly table?: string;
  readonly also?: readonly string[];
  readonly fault: RowFault;
}

function lineOf({
  shard,
  sequence,
  key,
  arrivedAt,
  data,
  place,
  generation,
  judged,
  table,
  also,
  fault,
}: AsideRecord): string {
  const line: Line = {
    shard,
    sequence,
    key,
    arrivedAt,
    data: Buffer.from(data).toString('base64'),
    major: String(place.major),
    minor: String(place.minor),
    ...(generation === undefined ? {} : { generation }),
    ...(judged ? { judged } : {}),
    ...(table === undefined ? {} : { table }),
    ...(also === undefined ? {} : { also }),
    fault,
  };
  return `${JSON.stringify(line)}\n`;
}

function recordOf(text: string): AsideRecord {
  const { data, major, minor, ...line } = JSON.parse(text) as Line;
  const place = { major: BigInt(major), minor: BigInt(minor) };
  return { ...line, data: Buffer.from(data, 'base64'), place };
}
