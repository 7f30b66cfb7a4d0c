import { widens } from '../../columnar/kernels';
import type { Field } from '../../columnar/types';
import {
  isOmitted,
  type ResolvedLake,
  type ResolvedTable,
  requireKey,
  tablesFor,
} from '../../config/resolved';
import { TidemarkError } from '../../errors';
import { ColumnNames } from '../../formats/aliases';
import { debeziumTypeOf } from '../../formats/debezium-control';
import { dmsTypeOf } from '../../formats/dms-control';
import type { ControlColumn, ControlNote } from '../../formats/stream-message';
import { currentSchema } from '../../iceberg/metadata';
import type { LakePorts } from '../../ports/lake-ports';
import { type ColumnShape, columnsToRead, userFields } from '../../table/columns';
import { illegalTypeChange } from '../../table/errors';
import { ensureLog } from '../../table/log-table';
import { openLog } from '../../table/renames';
import { renamedAtSource, tableGone } from './errors';

/**
 * What a control record says, and what came of it for one table. done: the log has the column, name or type. noted: there
 * is nothing to do, or the rows will tell. refused: somebody has to declare what `reason` says; nothing waits for it, as
 * the record holds no data, and rows that do not fit go to quarantine by themselves.
 */
export interface ControlTaken extends ControlNote {
  readonly outcome: 'done' | 'noted' | 'refused';
  /** The lake's table; undefined where none takes in the source's. */
  readonly of?: string;
  readonly code?: string;
  readonly reason?: string;
}

type Verdict = Pick<ControlTaken, 'outcome' | 'code' | 'reason'>;

const NOTED: Verdict = { outcome: 'noted' };
const DONE: Verdict = { outcome: 'done' };

/**
 * Follows what the source says of its tables' columns, before the rows of the batch are taken in: they find the columns
 * typed. All of it is additive and idempotent, so it does not matter how often a record comes, or in which order.
 * @throws what ports throw; a refusal is an answer
 */
export async function followControl(
  ports: LakePorts,
  lake: ResolvedLake,
  notes: readonly ControlNote[],
): Promise<ControlTaken[]> {
  const taken: ControlTaken[] = [];
  for (const note of notes) {
    const { schema, table } = note;
    const owners =
      table === undefined ? [] : tablesFor(lake, { ...(schema === undefined ? {} : { schema }), table });
    if (owners.length === 0) taken.push({ ...note, ...NOTED });
    for (const owner of owners) {
      const verdict = await followed(ports, owner, note);
      taken.push({ ...note, ...verdict, of: owner.name });
    }
  }
  return taken;
}

async function followed(ports: LakePorts, table: ResolvedTable, note: ControlNote): Promise<Verdict> {
  const operation = note.operation.toLowerCase();
  if (operation === 'drop-table' || operation === 'rename-table')
    return refused(tableGone(table.name, operation === 'drop-table' ? 'dropped' : 'renamed'));
  if (operation === 'drop-column') return NOTED;
  // What makes or renames nothing speaks of rows.
  if (!CHANGES_COLUMNS.has(operation)) return NOTED;
  const verdicts: Verdict[] = [];
  for (const column of note.columns ?? [])
    verdicts.push(await followColumn(ports, table, note, column).catch(refusedOr));
  const worst = verdicts.find(({ outcome }) => outcome === 'refused');
  return worst ?? (verdicts.some(({ outcome }) => outcome === 'done') ? DONE : NOTED);
}

const CHANGES_COLUMNS: ReadonlySet<string> = new Set([
  ...['create-table', 'add-column', 'rename-column', 'column-type-change', 'change-columns'],
  'alter-table',
]);

async function followColumn(
  ports: LakePorts,
  table: ResolvedTable,
  note: ControlNote,
  column: ControlColumn,
): Promise<Verdict> {
  requireKey(table);
  const log = await openLog(ports, table);
  const fields = log ? userFields(currentSchema(log.metadata).fields) : [];
  const names = namesOf(table, fields);
  const name = names.find(column.name)?.name ?? column.name;
  if (isOmitted(table, name)) return NOTED;
  const was = column.was === undefined ? undefined : names.find(column.was)?.name;
  if (was !== undefined && was !== name) return refused(renamedAtSource(table.name, column.was!, name));
  const typeOf = note.format === 'dms' ? dmsTypeOf : debeziumTypeOf;
  const type = column.type === undefined ? undefined : typeOf(column.type);
  const shape = shapeOf(table, { name, type }, fields);
  if (shape instanceof TidemarkError) return refused(shape);
  // A rename that is declared goes with the same commit.
  if (!shape && was !== name) return NOTED;
  await ensureLog(ports, table, shape ? [shape] : []);
  return DONE;
}

/** What the log has to be given, if anything; the error where it cannot be. */
function shapeOf(
  table: ResolvedTable,
  { name, type }: Partial<ColumnShape> & Pick<ColumnShape, 'name'>,
  fields: readonly Field[],
): ColumnShape | TidemarkError | undefined {
  const known = fields.find(f => f.name === name) ?? table.columns.find(c => c.name === name);
  // Where a table takes in some rows only, those say which columns are its own; where nobody declared it, all are strings.
  if (!known) return type && !table.where && !table.undeclared ? { name, type } : undefined;
  const isThere = fields.some(f => f.name === name);
  // Strings hold whatever comes.
  if (!type || widens(type, known.type) || known.type === 'string')
    return isThere ? undefined : { name, type: known.type };
  return widens(known.type, type) ? { name, type } : illegalTypeChange(table.name, name, known.type, type);
}

/** What rows mean by a name, in whatever case, is what a control record means by it. */
function namesOf(table: ResolvedTable, fields: readonly Field[]): ColumnNames {
  const known = columnsToRead({ ...table, others: 'take' }, fields);
  const key = table.key.filter(name => !known.some(c => c.name === name));
  return new ColumnNames([...known, ...key.map(name => ({ name, type: 'string' as const }))], table.aliases);
}

function refused({ code, what, next }: TidemarkError): Verdict {
  return { outcome: 'refused', code, reason: `${what}: ${next}` };
}

function refusedOr(error: unknown): Verdict {
  if (error instanceof TidemarkError && /^TM_(1010|2196|3008|3009|3010|4008)$/.test(error.code))
    return refused(error);
  throw error;
}
