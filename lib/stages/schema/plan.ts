import { widens } from '../../columnar/kernels';
import type { PrimitiveType } from '../../columnar/types';
import type { ResolvedTable } from '../../config/resolved';
import { TidemarkError } from '../../errors';
import { currentSchema, defaultSpec, type TableMetadata } from '../../iceberg/metadata';
import { readCounter } from '../../ledger/counter';
import type { LakePorts } from '../../ports/lake-ports';
import { logTableOf, userFields } from '../../table/columns';
import { illegalTypeChange, keyNotThere, retypeRefused } from '../../table/errors';
import { checkLogKey, isKeyless, isKeylessLog } from '../../table/key';
import { liveFiles } from '../../table/live-files';
import { type OpenTable, openTable } from '../../table/open';
import { called, openLog, renamesIn } from '../../table/renames';
import { castIn } from '../../table/retype';
import { receivedName } from '../../table/retyped';
import type { SchemaChange } from './change';

/** What would change in a table's log; nothing before anything was received: then the log is made as it is declared. */
export async function planSchema(ports: LakePorts, table: ResolvedTable): Promise<SchemaChange[]> {
  const log = await openTable(ports, logTableOf(table.name));
  if (!log) return [];
  const renames = renamesIn(log.metadata, table).map(
    ({ was, name }): SchemaChange => ({
      table: table.name,
      column: name,
      kind: 'rename',
      from: was,
      to: name,
    }),
  );
  const { metadata } = called(log, table);
  const current = await openTable(ports, table.name);
  const isEmpty = (await readCounter(ports.items, table.name)).next === 1;
  const key = keyChange(table, metadata, { current, isEmpty });
  if (key?.kind === 'refused') return [...renames, key];
  const columns = table.columns.filter(c => !table.omit.includes(c.name));
  const changes = columns.flatMap(column => changeOf(table, column, metadata, current) ?? []);
  return [...renames, ...changes, ...(key ? [key] : []), ...(await unfinished(ports, table, current))];
}

/** A key where there was none, in the log or in the current table; another key than there was is refused. */
function keyChange(
  table: ResolvedTable,
  log: TableMetadata,
  { current, isEmpty }: { readonly current: OpenTable | undefined; readonly isEmpty: boolean },
): SchemaChange | undefined {
  const change = { table: table.name, column: table.key.join(', '), to: 'key' };
  if (!isKeylessLog(log) || table.key.length === 0) {
    try {
      checkLogKey(table, log);
    } catch (why) {
      if (!(why instanceof TidemarkError)) throw why;
      return { ...change, kind: 'refused', why };
    }
    const behind = table.key.length > 0 && current !== undefined && isKeyless(current.metadata);
    return behind ? { ...change, kind: 'key' } : undefined;
  }
  const fields = userFields(currentSchema(log).fields);
  const missing = table.key.find(name => !fields.some(f => f.name === name));
  if (missing === undefined || isEmpty) return { ...change, kind: 'key' };
  return { ...change, kind: 'refused', why: keyNotThere(table.name, missing) };
}

function changeOf(
  { name: table }: ResolvedTable,
  { name: column, type: to }: { readonly name: string; readonly type: PrimitiveType },
  log: TableMetadata,
  current: OpenTable | undefined,
): SchemaChange | undefined {
  const { fields } = currentSchema(log);
  const known = userFields(fields).find(f => f.name === column);
  if (!known) return { table, column, kind: 'add', to };
  // A type that the log was widened to meanwhile holds what is declared.
  if (widens(to, known.type)) return undefined;
  const change = { table, column, from: known.type, to };
  if (widens(known.type, to)) return { ...change, kind: 'widen' };
  if (known.type !== 'string')
    return { ...change, kind: 'refused', why: illegalTypeChange(table, column, known.type, to) };
  const spec = current && defaultSpec(current.metadata);
  if (spec?.fields.some(f => f['source-id'] === known.id))
    return {
      ...change,
      kind: 'refused',
      why: retypeRefused(table, column, 'the table is partitioned by it'),
    };
  const taken = receivedName(column);
  if (fields.some(f => f.name.toLowerCase() === taken.toLowerCase()))
    return {
      ...change,
      kind: 'refused',
      why: retypeRefused(
        table,
        column,
        `there is a column ${taken} already, which its texts would be called`,
      ),
    };
  return { ...change, kind: 'retype' };
}

/** Columns that are retyped in the log, and of which rows of the table, or files of the log, have the texts alone. */
async function unfinished(
  ports: LakePorts,
  table: ResolvedTable,
  current: OpenTable | undefined,
): Promise<SchemaChange[]> {
  const log = (await openLog(ports, table))!;
  const { fields } = currentSchema(log.metadata);
  const open = new Set<string>();
  for (const metadata of [log.metadata, ...(current ? [current.metadata] : [])])
    for (const { name } of castIn(fields, await liveFiles(ports.store, metadata))) open.add(name);
  return fields
    .filter(f => open.has(f.name))
    .map(f => ({ table: table.name, column: f.name, kind: 'cast', from: 'string', to: f.type }));
}
