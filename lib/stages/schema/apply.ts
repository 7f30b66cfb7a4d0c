import type { ResolvedLake, ResolvedTable } from '../../config/resolved';
import type { TidemarkError } from '../../errors';
import { setProperties } from '../../iceberg/evolution';
import { currentSchema, type TableMetadata } from '../../iceberg/metadata';
import { raiseVacuumCount } from '../../ledger/counter';
import { openLoad } from '../../ledger/loads';
import { holdForRetype, isRetyping, releaseRetype } from '../../ledger/paused';
import type { LakePorts } from '../../ports/lake-ports';
import { type ColumnShape, logTableOf } from '../../table/columns';
import { readCursor } from '../../table/cursor';
import { commitContended, doesNotCast, loadUnderWay } from '../../table/errors';
import { isKeyless, isKeylessLog, keyProperty } from '../../table/key';
import { eachLiveFile, liveFiles } from '../../table/live-files';
import { appendToLog } from '../../table/log-append';
import { logFiles } from '../../table/log-files';
import { ensureLog } from '../../table/log-table';
import { type OpenTable, openTable } from '../../table/open';
import { called, openLog, renamesIn } from '../../table/renames';
import { castIn, type Retype, withRetypes } from '../../table/retype';
import { castOf } from '../../table/retyped';
import { rebuild } from '../rebuild';
import { castLog, swapMetadata } from './cast-log';
import { isFolded, type SchemaChange } from './change';
import { planSchema } from './plan';
import { findUncastable, type Uncastables } from './uncastable';

export interface ApplyOptions {
  /** What does not cast becomes NULL, instead of stopping the retype. */
  readonly nullWhatDoesNotCast?: boolean;
  /** Nothing is changed: what would be done, and what does not cast. */
  readonly dryRun?: boolean;
}

/** What was done, or would be; `refused` among the changes are left as they are. */
export interface AppliedSchema {
  readonly table: string;
  readonly changes: readonly SchemaChange[];
  readonly uncastable: Uncastables;
  /** TM_3097: no column was retyped, as some texts do not cast. */
  readonly stopped?: TidemarkError;
}

const NONE: Uncastables = { count: 0, ofKey: 0, keyless: 0, first: [] };
const TRIES = 20;

/**
 * Makes a table's log as the config declares it: adds, widens, renames, casts strings to declared types, and gives a log
 * without a key the declared one, by which its rows are then folded. A retype, or a key,
 * holds the table's merges; ingest goes on, and takes in what comes typed. In order: every entry's file is appended to the
 * log; all texts are tried, and nothing is done where some do not cast; one commit gives the log its schema and
 * key, and its files the values; a fence has writers that began before write anew; what they numbered meanwhile is tried and cast too;
 * the current table is folded again, in one commit; the hold ends. Each step finds what is left of it, so a call after
 * a crash goes on where the one before was: until then the table is held, and no merge makes NULL of a value (TM_3096).
 * @throws TM_3099
 */
export async function applySchema(
  ports: LakePorts,
  config: Pick<ResolvedLake, 'limits'>,
  table: ResolvedTable,
  options: ApplyOptions = {},
): Promise<AppliedSchema> {
  const changes = await planSchema(ports, table);
  const retypes = changes.flatMap(({ kind, column }) => {
    const type = table.columns.find(c => c.name === column)?.type;
    return kind === 'retype' && type ? [{ column, type }] : [];
  });
  const held = await isRetyping(ports.items, table.name);
  const isOtherKey = changes.some(({ kind, to }) => kind === 'refused' && to === 'key');
  const casts = !isOtherKey && (held || changes.some(isFolded));
  if (options.dryRun) {
    const uncastable = casts ? await tryCasts(ports, table, retypes) : NONE;
    return { table: table.name, changes, uncastable };
  }
  const plain = changes.filter(({ kind }) => kind === 'add' || kind === 'widen');
  const shapes = table.columns.filter(c => plain.some(change => change.column === c.name));
  if (changes.some(({ kind }) => kind === 'key')) shapes.push(...(await keyLacking(ports, table)));
  if (changes.some(({ kind }) => kind === 'rename') || shapes.length > 0)
    await ensureLog(ports, await asLogged(ports, table), shapes);
  await renameCurrent(ports, table);
  const tried = casts ? await retype(ports, config, table, { retypes, options }) : { uncastable: NONE };
  return { table: table.name, changes, ...tried };
}

/** Columns of the key that no row has brought and nobody declares: there is no row. */
async function keyLacking(ports: LakePorts, table: ResolvedTable): Promise<ColumnShape[]> {
  const fields = currentSchema((await openLog(ports, table))!.metadata).fields;
  const known = [...fields, ...table.columns].map(({ name }) => name);
  return table.key.filter(name => !known.includes(name)).map(name => ({ name, type: 'string' }));
}

/** The table with the key that its log has: none, until it is given the declared one. */
async function asLogged(ports: LakePorts, table: ResolvedTable): Promise<ResolvedTable> {
  const log = await openTable(ports, logTableOf(table.name));
  return log && isKeylessLog(log.metadata) ? { ...table, key: [] } : table;
}

/**
 * The current table follows a rename at once; the next merge would, but that may be long in coming. Other columns wait for
 * it: its commit says from when on rows lack them.
 */
async function renameCurrent(ports: LakePorts, table: ResolvedTable): Promise<void> {
  for (let i = 0; i < TRIES; i++) {
    const open = await openTable(ports, table.name);
    if (!open || renamesIn(open.metadata, table).length === 0) return;
    if ((await swapMetadata(ports, open, called(open, table).metadata)).committed) return;
  }
  throw commitContended(table.name, TRIES);
}

type Tried = Pick<AppliedSchema, 'uncastable' | 'stopped'>;

interface Asked {
  readonly retypes: readonly Retype[];
  readonly options: ApplyOptions;
}

async function retype(
  ports: LakePorts,
  config: Pick<ResolvedLake, 'limits'>,
  table: ResolvedTable,
  { retypes, options }: Asked,
): Promise<Tried> {
  const { items } = ports;
  await holdForRetype(items, table.name, ports.clock.now());
  const before = await tryAll(ports, table, { retypes, options }).catch(async error => {
    await releaseUnlessBegun(ports, table);
    throw error;
  });
  if (before.stopped) {
    await releaseUnlessBegun(ports, table);
    return before;
  }
  await castLog(ports, table.name, log => evolved(ports, table, log, retypes), config.limits);
  while (!(await raiseVacuumCount(items, table.name)));
  const late = await tryAll(ports, table, { retypes, options });
  if (late.stopped) return late;
  await castLog(ports, table.name, async log => log.metadata, config.limits);
  if (await isBehind(ports, table)) await rebuild(ports, table, config.limits);
  await releaseRetype(items, table.name);
  return { uncastable: before.uncastable.count > 0 ? before.uncastable : late.uncastable };
}

/** Appends what waits to the log, then tries every text that is not cast yet. @throws TM_3099 */
async function tryAll(ports: LakePorts, table: ResolvedTable, { retypes, options }: Asked): Promise<Tried> {
  const loading = await openLoad(ports.items, table.name);
  if (loading) throw loadUnderWay(table.name, loading.load.id);
  await appendAll(ports, table);
  const uncastable = await tryCasts(ports, table, retypes);
  const allowed = options.nullWhatDoesNotCast === true && uncastable.ofKey === 0;
  if (uncastable.count === 0 || allowed) return { uncastable };
  return { uncastable, stopped: refusal(table.name, uncastable) };
}

/** Of a retype that was begun the hold stays: rows of the table, or files of the log, are not cast yet. */
async function releaseUnlessBegun(ports: LakePorts, table: ResolvedTable): Promise<void> {
  if ((await isBehind(ports, table)) || (await castLeft(ports, table))) return;
  await releaseRetype(ports.items, table.name);
}

/** The files of all entries become the log's: metadata only. What is numbered meanwhile is the next call's. */
async function appendAll(ports: LakePorts, table: ResolvedTable): Promise<void> {
  for (let i = 0; i < TRIES; i++) {
    const log = (await openLog(ports, table))!;
    if (await appendToLog(ports, table.name, log, Number.POSITIVE_INFINITY)) return;
  }
  throw commitContended(logTableOf(table.name), TRIES);
}

/** Tries the texts of all entries, those that no merge has appended to the log among them. */
async function tryCasts(
  ports: LakePorts,
  table: ResolvedTable,
  retypes: readonly Retype[],
): Promise<Uncastables> {
  const log = (await openLog(ports, table))!;
  const { fields } = currentSchema(await evolved(ports, table, log, retypes));
  const current = await openTable(ports, table.name);
  const keyless = isKeylessLog(log.metadata) || !current || isKeyless(current.metadata);
  const { through: after } = readCursor(log.name, log.metadata);
  const waiting = await logFiles(ports, table.name, log, { after, k: Number.POSITIVE_INFINITY });
  const files = async function* () {
    for await (const { file } of eachLiveFile(ports.store, log.metadata)) yield file;
    yield* waiting.added;
  };
  return findUncastable(ports, { ...table, keyless: keyless && table.key.length > 0 }, fields, files());
}

/** The log with the declared key, if it had none, and those of the columns retyped that are strings still. */
async function evolved(
  ports: LakePorts,
  table: ResolvedTable,
  log: OpenTable,
  retypes: readonly Retype[],
): Promise<TableMetadata> {
  const retyped = await retypedLog(ports, table, log, retypes);
  if (!isKeylessLog(log.metadata)) return retyped;
  return setProperties(retyped, keyProperty(table), [], ports.clock.now());
}

async function retypedLog(
  ports: LakePorts,
  table: ResolvedTable,
  log: OpenTable,
  retypes: readonly Retype[],
): Promise<TableMetadata> {
  const { fields } = currentSchema(log.metadata);
  const left = retypes.filter(({ column }) => fields.some(f => f.name === column && f.type === 'string'));
  if (left.length === 0) return log.metadata;
  const current = await openTable(ports, table.name);
  const taken = Math.max(log.metadata['last-column-id'], current?.metadata['last-column-id'] ?? 0);
  return withRetypes(log.metadata, left, taken + 1, ports.clock.now());
}

/** Whether files of the log have texts alone of a retyped column. */
async function castLeft(ports: LakePorts, table: ResolvedTable): Promise<boolean> {
  const log = (await openLog(ports, table))!;
  const files = await liveFiles(ports.store, log.metadata);
  return castIn(currentSchema(log.metadata).fields, files).length > 0;
}

/** Whether the current table has no key where the log has one, or a column of texts where the log has values. */
async function isBehind(ports: LakePorts, table: ResolvedTable): Promise<boolean> {
  const current = await openTable(ports, table.name);
  if (!current) return false;
  const log = (await openLog(ports, table))!;
  const { fields } = currentSchema(log.metadata);
  if (isKeyless(current.metadata) && table.key.length > 0 && !isKeylessLog(log.metadata)) return true;
  const own = new Set(currentSchema(current.metadata).fields.map(f => f.id));
  if (fields.some(f => own.has(castOf(f) ?? 0))) return true;
  return castIn(fields, await liveFiles(ports.store, current.metadata)).length > 0;
}

function refusal(table: string, { count, keyless, first: [one] }: Uncastables): TidemarkError {
  const what = keyless ? 'value' : 'text';
  const counted = count === 1 ? `1 ${what} does` : `${count} ${what}s do`;
  return doesNotCast(table, counted, one ? `column ${one.column}, ${one.reason} (entry ${one.entry})` : '');
}
