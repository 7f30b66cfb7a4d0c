import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TidemarkError } from '../../lib/errors';
import type { LiveWorld } from './world';

/** One thing that a run proves; `run` says how it showed. */
export interface Step {
  readonly name: string;
  readonly does: string;
  run(world: LiveWorld): Promise<string>;
}

const LOOK_MS = 5000;
const WAIT_MINUTES_MAX = 15;
const DAY_MS = 86_400_000;

/** The steps between deploy and destroy. `start`: when the run began, milliseconds since 1970; files are of the days before. */
export function stepsFrom(examples: string, start: number): Step[] {
  const file = (path: string) => readFileSync(join(examples, path));
  const date = (daysAgo: number) => new Date(start - daysAgo * DAY_MS).toISOString().slice(0, 10);
  const employees = {
    file: (daysAgo: number) => `employees-${date(daysAgo)}.csv`,
    dates: [3, 2, 1].map(date),
  };
  return [
    {
      name: 'employees',
      does: 'uploads three daily files one after the other: 5, 7, 9 rows in Athena',
      async run(world) {
        const seconds: string[] = [];
        for (const [i, rows] of [5, 7, 9].entries()) {
          await world.upload(employees.file(3 - i), file(`employees/day${i + 1}.csv`));
          seconds.push(await until(world, 'SELECT count(*) FROM employees', [[String(rows)]]));
        }
        return `5, 7, 9 rows, ${seconds.join(', ')} after their upload`;
      },
    },
    {
      name: 'users',
      does: 'uploads DMS files, the last ones out of order and twice: 103, 106, 110 rows',
      async run(world) {
        const put = (name: string) => world.upload(`shop/users/${name}`, file(`users/shop/users/${name}`));
        const rows = (n: number) => until(world, 'SELECT count(*) FROM users', [[String(n)]]);
        await world.upload('states.csv', file('users/states.csv'));
        await put('LOAD00000001.csv');
        const seconds = [await rows(103)];
        await put(CHANGES[0]!);
        seconds.push(await rows(106));
        for (const name of [...CHANGES.slice(1).reverse(), ...CHANGES]) await put(name);
        seconds.push(await rows(110));
        return `103, 106, 110 rows, ${seconds.join(', ')} after their upload`;
      },
    },
    {
      name: 'deltas and history',
      does: 'reads what was received, and what was true when',
      async run(world) {
        await until(world, 'SELECT count(*) FROM users_deltas', [['113']]);
        const sql = 'SELECT count(*), count(valid_to) FROM employees_history WHERE employee_id = 5';
        await until(world, sql, [['2', '1']]);
        return '113 changes of users; employee 5 has two states, one of them ended';
      },
    },
    {
      name: 'daily report',
      does: 'waits until the schedule has built every date that has ended',
      async run(world) {
        const seconds = await until(world, 'SELECT count(DISTINCT report_date) FROM employees_daily', [
          ['3'],
        ]);
        return `three dates, ${seconds} after the last upload of their table was merged`;
      },
    },
    {
      name: 'report run again',
      does: 'builds the dates again: 5, 7, 9 rows, no other date touched; and a report of SQL',
      async run(world) {
        const lake = await world.lake();
        const report = (name: string) => lake.config.reports.find(r => r.name === name)!;
        const sql = 'SELECT count(*) FROM employees_daily GROUP BY report_date ORDER BY report_date';
        for (let i = 0; i < 2; i++) {
          for (const day of employees.dates) await lake.report(report('employees_daily'), day);
          expectRows(sql, await world.sql(sql), [['5'], ['7'], ['9']]);
        }
        await lake.report(report('user_features'), date(1));
        const features = 'SELECT count(*), count(DISTINCT user_id) FROM user_features';
        expectRows(features, await world.sql(features), [['110', '110']]);
        return '5, 7, 9 rows after the first and after the second time; user_features has 110 rows';
      },
    },
    {
      name: 'OPTIMIZE and VACUUM',
      does: 'lets Athena rewrite and clean the table, then merges another file on top',
      async run(world) {
        await world.sql('OPTIMIZE employees REWRITE DATA USING BIN_PACK');
        await world.sql('VACUUM employees');
        await until(world, 'SELECT count(*) FROM employees', [['9']]);
        await world.upload(employees.file(0), Buffer.from(NEXT_DAY));
        const sql =
          'SELECT employee_id, department_id FROM employees WHERE employee_id IN (2, 9, 12) ORDER BY 1';
        // 2 leaves, 9 moves, 12 comes.
        const seconds = await until(world, sql, [
          ['9', '3'],
          ['12', '3'],
        ]);
        expectRows('SELECT count(*) FROM employees', await world.sql('SELECT count(*) FROM employees'), [
          ['9'],
        ]);
        return `a change, a delete and a new row merged on top, ${seconds} after the upload`;
      },
    },
  ];
}

const CHANGES = [
  '20211017-194324349.csv',
  '20211018-223933563.csv',
  '20211018-224657689.csv',
  '20211018-225235856.csv',
  '20211018-225959941.csv',
];

const NEXT_DAY = `employee_id,sex,forename,surname,department_id,manager_id,record_deleted
2,F,Summer,Bennett,1,17,true
9,M,Evan,Carter,3,5,false
12,F,Nina,Moss,3,5,false
`;

type Texts = readonly (readonly string[])[];

/** Asks until the answer is `wanted`; how long that took. @throws with the last answer when it never was */
async function until(world: LiveWorld, sql: string, wanted: Texts): Promise<string> {
  const from = world.now();
  for (;;) {
    const answer = await answered(world, sql);
    if (JSON.stringify(answer) === JSON.stringify(wanted))
      return `${Math.round((world.now() - from) / 1000)} s`;
    if (world.now() - from > WAIT_MINUTES_MAX * 60_000) expectRows(sql, answer, wanted);
    await world.pause(LOOK_MS);
  }
}

/** A table that is not there yet is an error of Athena's, and an answer here. */
async function answered(world: LiveWorld, sql: string): Promise<Texts | string> {
  try {
    return await world.sql(sql);
  } catch (error) {
    if (error instanceof TidemarkError && /^TM_600[12]$/.test(error.code)) return error.message;
    throw error;
  }
}

function expectRows(sql: string, answer: Texts | string, wanted: Texts): void {
  const [is, should] = [JSON.stringify(answer), JSON.stringify(wanted)];
  if (is !== should) throw new Error(`${sql}\n  should answer ${should}\n  answers       ${is}`);
}
