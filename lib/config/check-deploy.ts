import { TidemarkError } from '../errors';
import { checkSources } from './check-deploy-sources';
import type { Report } from './check-table';
import { configInvalid, type Problem } from './errors';
import { checkForm, FORMS } from './forms';
import { suggestion } from './nearest';
import { pathText, show } from './problems';
import { type ResolvedLake, type ResolvedTable, requireKey } from './resolved';

/**
 * What a config has to be beyond a valid one, to become stacks: without it a deploy would fail half way, or stand and
 * take nothing in.
 * @param file what the error names: the config's file, or its folder where it is no file
 * @throws TM_1003 with every problem found
 */
export function checkDeployable(lake: ResolvedLake, file: string): void {
  const problems: Problem[] = [];
  const report: Report = (path, message) => problems.push({ path: pathText(path), message });
  checkName(lake.name, report);
  if (lake.tables.length === 0) report(['tables'], 'are none, so nothing would be taken in; declare one');
  for (const table of lake.tables) checkTable(table, report);
  checkSources(lake, report);
  const { kmsKeyArn, alarmEmail, loads } = lake.deploy;
  checkForm(kmsKeyArn, FORMS.key, message => report(['deploy', 'kmsKeyArn'], message));
  checkForm(alarmEmail, FORMS.mail, message => report(['deploy', 'alarmEmail'], message));
  for (const [i, from] of (loads?.from ?? []).entries())
    checkForm(from, FORMS.copies, message => report(['deploy', 'loads', 'from', i], message));
  for (const [i, key] of (loads?.kmsKeyArns ?? []).entries())
    checkForm(key, FORMS.key, message => report(['deploy', 'loads', 'kmsKeyArns', i], message));
  if (problems.length > 0) throw configInvalid(file, problems);
}

/** Names that are taken in every account, by a lake of another name, or refused by S3, where buckets begin with them. */
function checkName(name: string, report: Report): void {
  const part = /-(staging|system)$/.exec(name)?.[1];
  if (part)
    report(
      ['name'],
      `${show(name)} is what a lake "${name.slice(0, -part.length - 1)}" makes for itself; rename it`,
    );
  if (name === 'primary' || name === 'default')
    report(['name'], `${show(name)} is Athena's own in every account; rename the lake`);
  if (/^(xn--|sthree-)/.test(name))
    report(['name'], `${show(name)}: S3 takes no bucket that begins so; rename the lake`);
}

function checkTable(table: ResolvedTable, report: Report): void {
  const { name, key, partitionBy, deletedWhen, omit, where = {} } = table;
  const at: Report = (path, message) => report(['tables', name, ...path], message);
  try {
    requireKey(table);
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    at([], `${error.what}; ${error.next}`);
  }
  const named = [
    ...key.map((column, i) => ({ path: ['key', i], column })),
    ...partitionBy.map(({ column }, i) => ({ path: ['partitionBy', i], column })),
    ...omit.map((column, i) => ({ path: ['omit', i], column })),
    ...(deletedWhen ? [{ path: ['deletedWhen', 'column'], column: deletedWhen.column }] : []),
    ...Object.keys(where).map(column => ({ path: ['where', column], column })),
  ];
  for (const { path, column } of named) checkColumn(table, column, message => at(path, message));
}

/** A source may have columns that nobody declared, but hardly one that differs from a declared one by a slip. */
function checkColumn({ columns }: ResolvedTable, column: string, fault: (message: string) => void): void {
  const declared = columns.map(({ name }) => name);
  if (declared.includes(column)) return;
  const meant = suggestion(column, declared);
  if (meant !== '') fault(`"${column}" is not a declared column${meant} If it is one, add it to columns`);
}
