import { type ResolvedLake, type ResolvedTable, tableFor } from '../../config/resolved';
import { dmsKinesis } from '../../formats/dms-kinesis';
import type { RowFault } from '../../formats/errors';
import type { JsonChange } from '../../formats/json-changes';
import { jsonEvents } from '../../formats/json-events';
import type { MessageReader, StreamMessage } from '../../formats/stream-message';
import { defect, noSuchStream, undeclaredSource } from './errors';
import type { ControlNote } from './request';

/** Formats of streams that are read here. */
export type StreamFormat = 'dms' | 'json';

const READERS: Readonly<Record<StreamFormat, () => MessageReader>> = { dms: dmsKinesis, json: jsonEvents };

/** @throws TM_2321 */
export function formatOfSource(lake: ResolvedLake, source: string): StreamFormat {
  const config = Object.hasOwn(lake.sources, source) ? lake.sources[source] : undefined;
  if (config?.kind !== 'kinesis')
    throw noSuchStream(source, config ? `of kind ${config.kind}` : 'not declared');
  const { format } = config;
  if (format !== 'dms' && format !== 'json') throw noSuchStream(source, `of format ${format}`);
  return format;
}

/** A record, whatever else is known of it, and the change it says. */
export type Routed<R> = R & { readonly change: JsonChange; readonly load: boolean };

export interface Routes<R> {
  readonly tables: ReadonlyMap<ResolvedTable, readonly Routed<R>[]>;
  /** Records that are no table's, and why. */
  readonly strays: readonly (R & { readonly fault: RowFault })[];
  readonly control: readonly ControlNote[];
}

export interface RouteOptions {
  readonly source: string;
  /** Takes in every change, whatever table its record names. */
  readonly table?: ResolvedTable;
}

/**
 * Which table each record belongs to: of DMS the table that takes in its source table's changes, of plain JSON the
 * table that is from the stream (`from: '<source name>'`). What is nobody's data, or none, is in no route.
 */
export function routeRecords<R extends { readonly data: Uint8Array }>(
  lake: ResolvedLake,
  records: readonly R[],
  { source, table }: RouteOptions,
): Routes<R> {
  const read = READERS[formatOfSource(lake, source)]();
  const tables = new Map<ResolvedTable, Routed<R>[]>();
  const strays: (R & { fault: RowFault })[] = [];
  const control: ControlNote[] = [];
  for (const record of records) {
    const message = readSafely(read, record.data);
    if (message.kind === 'ignored') continue;
    if (message.kind === 'fault') strays.push({ ...record, fault: message.fault });
    else if (message.kind === 'control') {
      const { kind: _, ...note } = message;
      control.push(note);
    } else {
      const { schema, change, load } = message;
      const from = { ...(schema === undefined ? {} : { schema }), table: message.table ?? source };
      const owner = table ?? tableFor(lake, from);
      const known = owner && tables.get(owner);
      if (!owner) strays.push({ ...record, fault: undeclaredSource(Object.values(from).join('.')) });
      else if (known) known.push({ ...record, change, load });
      else tables.set(owner, [{ ...record, change, load }]);
    }
  }
  return { tables, strays, control };
}

function readSafely(read: MessageReader, data: Uint8Array): StreamMessage {
  try {
    return read(data);
  } catch (error) {
    return { kind: 'fault', fault: defect(error) };
  }
}
