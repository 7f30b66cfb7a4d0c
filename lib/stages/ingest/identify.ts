import { createHash } from 'node:crypto';
import type { ResolvedLake, ResolvedTable } from '../../config/resolved';
import { tablesFor } from '../../config/resolved';
import { type Detected, detect } from '../../formats/detect';
import type { FormatKind } from '../../formats/format';
import type { LoadRef } from '../../ledger/sources';
import type { ObjectInfo, ObjectStore } from '../../ports/object-store';
import { localDate } from './dates';
import { noSuchFile, severalTables, tableNotDeclared } from './errors';
import type { IngestRequest } from './request';

/** The file as its bytes and name identify it. */
export interface SourceObject {
  readonly landing: ObjectStore;
  readonly info: ObjectInfo;
  /** The path that it was received under, and that path's last part. */
  readonly path: string;
  readonly name: string;
  readonly sha256: string;
  readonly detected: Detected | undefined;
}

/** Where a file belongs and what makes it the same file as another (PROTOCOL.md, P3, I4). */
export interface Identified {
  readonly object: SourceObject;
  readonly table: ResolvedTable;
  readonly kind: FormatKind;
  /** Its rows bear no op: each is an insert. */
  readonly load: boolean;
  /** A DMS LOAD object, by its place in the layout and its number: its rows stand before every change. */
  readonly copy?: { readonly place: string; readonly part: bigint };
  /** Ordered by the date it counts for, not by positions of its own. */
  readonly plain: boolean;
  readonly identity: string;
  readonly dateReceived: string;
  /** UTC micros that order it among plain files of other dates. */
  readonly instant: bigint;
}

const LOAD_NUMBER = /^LOAD([0-9A-F]{8})\./i;

/** Reads the object once, for its checksum. @throws TM_2301 when there is no such object */
export async function openSource(request: IngestRequest): Promise<SourceObject> {
  const { landing, key } = request;
  const info = await landing.head(key);
  if (!info) throw noSuchFile(key);
  const hash = createHash('sha256');
  for await (const piece of landing.stream(key, info.etag)) hash.update(piece);
  const path = request.receivedAs ?? key;
  const name = path.slice(path.lastIndexOf('/') + 1);
  return { landing, info, path, name, sha256: hash.digest('hex'), detected: detect(path) };
}

/**
 * A DMS file is its place in the layout and its bytes; a plain file is table, date and bytes, without the date where
 * that is only the arrival's: then the same bytes are the same file on any day. For an append table its name is part of
 * it: two files of the same rows are twice the rows.
 * @throws TM_2302 when no table is declared for it, TM_2387 when several take rows of its source table
 */
export function identify(
  lake: ResolvedLake,
  object: SourceObject,
  request: Pick<IngestRequest, 'date' | 'table' | 'again'>,
  now: number,
): Identified {
  const { detected, path, name, sha256 } = object;
  const table = request.table ? lake.tables.find(t => t.name === request.table) : ownerOf(lake, object);
  // A file's header is no promise of columns.
  if (!table || table.undeclared)
    throw tableNotDeclared(request.table ?? detected?.table, path, request.date ?? detected?.date);
  const kind = table.format?.kind ?? detected?.format ?? 'csv';
  const place = layoutPlace(object);
  const part = LOAD_NUMBER.exec(name)?.[1];
  const copy = part === undefined ? undefined : { place, part: BigInt(`0x${part}`) };
  const plain = detected?.fileTime === undefined && !copy;
  const date = request.date ?? detected?.date;
  const dateReceived = date ?? nameDate(detected) ?? localDate(now, lake.timezone);
  const own = table.mode === 'append' ? [name] : [];
  const parts = plain ? ['plain', table.name, date ?? '', sha256, ...own] : dmsParts(table, object);
  if (request.again) parts.push(request.again);
  return {
    object,
    table,
    kind,
    load: table.format?.load ?? detected?.load ?? false,
    copy,
    plain,
    identity: identityOf(parts),
    dateReceived,
    instant: BigInt(date ? Date.parse(date) : now) * 1000n,
  };
}

/** What a LOAD object goes by: the same wherever it is read from. */
export function loadObjectOf(table: ResolvedTable, object: SourceObject): LoadRef {
  return { place: layoutPlace(object), identity: identityOf(dmsParts(table, object)) };
}

/** By schema, table and name: where the layout's folders stand is no part of it. */
function layoutPlace({ detected, name }: SourceObject): string {
  return [detected?.schema, detected?.table, name].filter(part => part !== undefined).join('/');
}

const dmsParts = (table: ResolvedTable, object: SourceObject) => [
  ...['dms', table.name, layoutPlace(object), object.sha256],
];

function identityOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32);
}

/** What a file goes by while no table takes it in. */
export function strayIdentity(object: SourceObject): string {
  return object.sha256.slice(0, 32);
}

/** The table that its path names. @throws TM_2387 */
function ownerOf(lake: ResolvedLake, { detected, path }: SourceObject): ResolvedTable | undefined {
  if (!detected) return undefined;
  const { schema, table } = detected;
  const named = table === undefined ? [] : tablesFor(lake, { schema, table });
  const owners = named.length > 0 ? named : tablesOfChanges(lake, detected);
  if (owners.length > 1)
    throw severalTables(
      table!,
      owners.map(({ name }) => name),
      path,
    );
  return owners[0];
}

const CHANGES_OF = /^(.+)[-_.](?:changes|deltas?|updates?)$/i;

/** A plain file `orders-changes.csv` belongs to orders, where no table has its whole name. No other suffix is guessed. */
function tablesOfChanges(lake: ResolvedLake, { schema, table, fileTime, load }: Detected): ResolvedTable[] {
  if (schema !== undefined || fileTime !== undefined || load) return [];
  const base = CHANGES_OF.exec(table ?? '')?.[1];
  return base === undefined ? [] : tablesFor(lake, { table: base });
}

/** The date in a change file's name, as the name has it (UTC). */
function nameDate(detected: Detected | undefined): string | undefined {
  const { fileTime } = detected ?? {};
  return fileTime === undefined ? undefined : new Date(Number(fileTime / 1000n)).toISOString().slice(0, 10);
}
