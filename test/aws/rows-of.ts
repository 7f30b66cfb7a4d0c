import { AthenaClient } from '@aws-sdk/client-athena';
import { athenaJobs } from '../../lib/adapters/aws/athena';
import { athenaEngine } from '../../lib/adapters/aws/athena-engine';
import { randomIds } from '../../lib/adapters/local/ids';
import { databaseNames, workgroupNames } from '../../lib/config/deployed';
import type { Cell, Rows } from '../../lib/ports/query-engine';
import { quoteName } from '../../lib/query/quote';
import type { LocalLake } from '../../lib/runtime/local';
import { ATHENA, standIn } from './endpoints';
import { type TrinoValue, trino } from './trino';

/** Rows as text, sorted: how they compare whoever read them. Numbers by what they are, however they were written. */
export type TextRows = readonly string[];

/** What is read: a table, log, history or report, and which of its columns. */
export interface Asked {
  readonly name: string;
  readonly columns: readonly string[];
}

const sqlOf = ({ name, columns }: Asked) =>
  `SELECT ${columns.map(quoteName).join(', ')} FROM ${quoteName(name)}`;

/** By Athena, as a person does: in the people's workgroup. */
export async function athenaRows(lake: string, asked: Asked): Promise<TextRows> {
  const where = { workgroup: workgroupNames(lake).people, database: databaseNames(lake).tables };
  const engine = athenaEngine(athenaJobs(new AthenaClient(standIn(ATHENA)), where), { ids: randomIds() });
  return textRows(await engine.rows({ sql: sqlOf(asked) }));
}

/** By an engine of one's own, through Glue. */
export async function trinoRows(lake: string, asked: Asked): Promise<TextRows> {
  return textRows(await trino(sqlOf(asked), databaseNames(lake).tables));
}

/** Of a lake in a folder of this machine. */
export async function localRows(lake: LocalLake, asked: Asked): Promise<TextRows> {
  return textRows(await (await lake.query()).run(sqlOf(asked)));
}

/** The columns of a name, in its order. */
export async function localColumns(lake: LocalLake, name: string): Promise<string[]> {
  return (await (await lake.query()).describe(name)).map(column => column.name);
}

function textRows({ rows }: Pick<Rows, 'rows'> | { rows: readonly (readonly TrinoValue[])[] }): TextRows {
  return rows.map(row => row.map(text).join(' | ')).sort();
}

const NUMBER = /^-?\d+\.\d+(?:[eE][+-]?\d+)?$/;
const ZEROS = /(\d\d:\d\d:\d\d)(?:\.0+|(\.\d*?[1-9])0+)$/;

function text(cell: Cell | TrinoValue): string {
  if (cell === null) return 'NULL';
  const written = String(cell);
  if (NUMBER.test(written)) return String(Number(written));
  return written.replace(ZEROS, (_, time: string, fraction = '') => time + fraction);
}
