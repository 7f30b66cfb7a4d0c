import { type ResolvedLake, type ResolvedTable, type SourceTable, tablesFor } from '../../config/resolved';
import { undeclaredFault } from '../../config/undeclared';
import type { WriterSchemas } from '../../formats/avro/avro-messages';
import type { RowFault } from '../../formats/errors';
import type { JsonChange } from '../../formats/json-changes';
import { messageReader, type StreamFormat } from '../../formats/stream-formats';
import type { ControlNote, MessageReader, RecordFormat, StreamMessage } from '../../formats/stream-message';
import type { EventRef } from '../../ledger/event-ids';
import { tableNotDeclared } from '../ingest/errors';
import { defect, noSuchStream, undeclaredSource, unknownSchema } from './errors';
import type { Place } from './places';
import type { RecordsOfFile } from './request';

/** @throws TM_2321 */
export function formatOfSource(lake: ResolvedLake, source: string): StreamFormat {
  const config = Object.hasOwn(lake.sources, source) ? lake.sources[source] : undefined;
  if (config?.kind === 'http' && config.stream === undefined) return 'event';
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
  /** What a repeat of it is known by. */
  readonly event?: EventRef;
  /** Why the table's reader cannot read it. */
  readonly unfit?: RowFault;
  /** The other tables that it was routed to, now or before. */
  readonly also?: readonly string[];
};

export interface Routes<R> {
  readonly tables: ReadonlyMap<ResolvedTable, readonly Routed<R>[]>;
  /** Source tables that no table takes in and that may have one of their own, once it is noted; their records are strays. */
  readonly undeclared: readonly SourceTable[];
  /** Records that are no table's, and why. */
  readonly strays: readonly (R & { readonly fault: RowFault })[];
  /** Records in Avro whose writer's schema is not known yet. */
  readonly unread: readonly (R & { readonly fault: RowFault; readonly fingerprint: string })[];
  readonly control: readonly ControlNote[];
}

/** A record, and what is known of it where it waits in quarantine. */
export interface Routable {
  readonly data: Uint8Array;
  /** The one of several tables that it waits for. */
  readonly table?: string;
  /** The other tables that it was routed to. */
  readonly also?: readonly string[];
  readonly fault?: RowFault;
}

export interface RouteOptions {
  readonly source: string;
  /** Takes in every change, whatever table its record names. */
  readonly table?: ResolvedTable;
  /** The table that they all wait for, of several that take their source table's records. */
  readonly waitsFor?: string;
  /** How they are written. Default: as the source is declared. */
  readonly format?: StreamFormat;
  /** Those of records in Avro. Default: none is known. */
  readonly schemas?: WriterSchemas;
}

/** How records are routed that are lines of a file, or of a stream of the config. @throws TM_2302 */
export function routingOf(
  lake: ResolvedLake,
  { source, file }: { readonly source: string; readonly file?: RecordsOfFile },
): RouteOptions {
  if (!file) return { source };
  const { format, object } = file;
  if (file.table === undefined) return { source, format };
  const table = lake.tables.find(({ name }) => name === file.table);
  if (!table) throw tableNotDeclared(file.table, object);
  return { source, format, table };
}

/**
 * Which tables each record belongs to: those that take in its source table's changes, of plain JSON those that are from
 * the stream (`from: '<source name>'`). Of several each finds out whether the record is its own (`where`); one that waits
 * for a table is that table's alone; where that takes it no longer, it goes to those that it was never routed to, and is a
 * stray for want of one. What is nobody's data, or none, is in no route.
 */
export function routeRecords<R extends Routable>(
  lake: ResolvedLake,
  records: readonly R[],
  { source, table, waitsFor, format, schemas }: RouteOptions,
): Routes<R> {
  const read = messageReader(format ?? formatOfSource(lake, source), schemas);
  const tables = new Map<ResolvedTable, Routed<R>[]>();
  const strays: (R & { fault: RowFault })[] = [];
  const unread: (R & { fault: RowFault; fingerprint: string })[] = [];
  const control: ControlNote[] = [];
  const undeclared = new Map<string, SourceTable>();
  for (const record of records) {
    const message = readSafely(read, record.data);
    if (message.kind === 'ignored') continue;
    if (message.kind === 'fault') strays.push({ ...record, fault: message.fault });
    else if (message.kind === 'unread') {
      const { fingerprint } = message;
      unread.push({ ...record, fault: unknownSchema(fingerprint), fingerprint });
    } else if (message.kind === 'control') {
      const { kind: _, ...note } = message;
      control.push(note);
    } else {
      const { schema, change, format, load, position, event, readAs } = message;
      const routed = {
        ...record,
        change,
        format,
        load,
        ...(position ? { position } : {}),
        ...(event ? { event } : {}),
      };
      const from = { ...(schema === undefined ? {} : { schema }), table: message.table ?? source };
      const takers = table ? [table] : tablesFor(lake, from);
      const owners = ownersOf(takers, record, waitsFor);
      if (owners.length === 0 && takers.length > 0 && record.fault)
        strays.push({ ...record, fault: record.fault });
      else if (owners.length === 0) {
        const why = strayBecause(lake, from, message.table === undefined);
        strays.push({ ...record, fault: undeclaredSource(Object.values(from).join('.'), why) });
        if (lake.undeclared === 'strings' && why === undefined) undeclared.set(JSON.stringify(from), from);
      }
      for (const owner of owners) {
        const standing = { ...routed, ...alsoOf(owner, owners, record) };
        const own = readAs && owner.reader ? { ...standing, ...rowReadAs(readAs, owner.reader) } : standing;
        const known = tables.get(owner);
        if (known) known.push(own);
        else tables.set(owner, [own]);
      }
    }
  }
  return { tables, undeclared: [...undeclared.values()], strays, unread, control };
}

/** Why its records are strays, beyond that nobody declared it; of plain JSON the stream is the table, if it is the lake's. */
function strayBecause(lake: ResolvedLake, from: SourceTable, isPlain: boolean): string | undefined {
  if (lake.undeclared === 'refuse') return undefined;
  if (isPlain && !Object.hasOwn(lake.sources, from.table)) return 'it is no source of the config';
  return undeclaredFault(lake, from);
}

/** The one that the record waits for; where that takes it no longer, those that it was never routed to. */
function ownersOf(
  takers: readonly ResolvedTable[],
  { table, also = [] }: Routable,
  waitsFor: string | undefined,
): readonly ResolvedTable[] {
  const waitedFor = table ?? waitsFor;
  const own = waitedFor === undefined ? undefined : takers.find(({ name }) => name === waitedFor);
  if (own) return [own];
  return also.length === 0 ? takers : takers.filter(({ name }) => !also.includes(name));
}

/** The others that it was routed to. */
function alsoOf(
  owner: ResolvedTable,
  owners: readonly ResolvedTable[],
  { also = [] }: Routable,
): { also?: readonly string[] } {
  if (owners.length === 1) return also.length === 0 ? {} : { also };
  const others = owners.flatMap(({ name }) => (name === owner.name ? [] : [name]));
  return { also: [...new Set([...also, ...others])] };
}

/** The row as the table's own Avro schema has it. */
function rowReadAs(
  readAs: (reader: object) => StreamMessage,
  reader: object,
): Pick<Routed<object>, 'unfit'> & Partial<Pick<Routed<object>, 'change'>> {
  const message = readSafely(() => readAs(reader), NO_BYTES);
  if (message.kind === 'fault') return { unfit: message.fault };
  return message.kind === 'change' ? { change: message.change } : {};
}

const NO_BYTES = new Uint8Array(0);

function readSafely(read: MessageReader, data: Uint8Array): StreamMessage {
  try {
    return read(data);
  } catch (error) {
    return { kind: 'fault', fault: defect(error) };
  }
}
