import { type ResolvedLake, type ResolvedTable, tableFor } from '../../config/resolved';
import type { RowFault } from '../../formats/errors';
import type { JsonChange } from '../../formats/json-changes';
import { messageReader, type StreamFormat } from '../../formats/stream-formats';
import type { ControlNote, MessageReader, RecordFormat, StreamMessage } from '../../formats/stream-message';
import { defect, noSuchStream, undeclaredSource } from './errors';
import type { Place } from './places';

/** @throws TM_2321 */
export function formatOfSource(lake: ResolvedLake, source: string): StreamFormat {
  const config = Object.hasOwn(lake.sources, source) ? lake.sources[source] : undefined;
  if (config?.kind !== 'kinesis')
    throw noSuchStream(source, config ? `of kind ${config.kind}` : 'not declared');
  return config.format;
}

/** A record, whatever else is known of it, and the change it says. */
export type Routed<R> = R & {
  readonly change: JsonChange;
  readonly format: RecordFormat;
  /** A row of a copy of its table. */
  readonly load: boolean;
  /** Where its source says it stands. */
  readonly position?: Place;
};

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
 * Which table each record belongs to: the table that takes in its source table's changes, of plain JSON the table
 * that is from the stream (`from: '<source name>'`). What is nobody's data, or none, is in no route.
 */
export function routeRecords<R extends { readonly data: Uint8Array }>(
  lake: ResolvedLake,
  records: readonly R[],
  { source, table }: RouteOptions,
): Routes<R> {
  const read = messageReader(formatOfSource(lake, source));
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
      const { schema, change, format, load, position } = message;
      const routed = { ...record, change, format, load, ...(position ? { position } : {}) };
      const from = { ...(schema === undefined ? {} : { schema }), table: message.table ?? source };
      const owner = table ?? tableFor(lake, from);
      const known = owner && tables.get(owner);
      if (!owner) strays.push({ ...record, fault: undeclaredSource(Object.values(from).join('.')) });
      else if (known) known.push(routed);
      else tables.set(owner, [routed]);
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
