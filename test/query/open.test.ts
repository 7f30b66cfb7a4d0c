import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openQuery } from '../../lib/query/open';
import { mergeAll, take } from '../support/lake';
import { type LocalLake, localLakes } from './local-lake';

const lakes = localLakes();
const EXAMPLES = join(__dirname, '../../examples/employees');

const EMPLOYEES = {
  name: 'hr',
  tables: {
    employees: {
      key: ['employee_id'],
      columns: {
        employee_id: 'bigint',
        department_id: 'bigint',
        manager_id: 'bigint',
        record_deleted: 'boolean',
      },
      deletedWhen: { column: 'record_deleted', equals: true },
    },
  },
};

async function employees(days: readonly number[]): Promise<LocalLake> {
  const lake = await lakes(EMPLOYEES);
  for (const n of days) {
    const file = readFileSync(join(EXAMPLES, `day${n}.csv`));
    await take(lake, `day${n}.csv`, file, { date: `2021-01-0${n}`, table: 'employees' });
    await mergeAll(lake, 'employees');
  }
  return lake;
}

test('query.views', async () => {
  const { ports, lake, engine } = await employees([1, 2, 3]);
  const query = await openQuery(ports, lake, engine);
  const all = await query.run('SELECT * FROM employees ORDER BY employee_id');
  console.log(all.columns, all.rows[0], all.snapshots);
  const h = await query.run('SELECT employee_id, department_id, record_deleted, op, valid_from, valid_to, _pos_major FROM employees_history ORDER BY employee_id, valid_from');
  console.log(h.rows.map(r => r.join(' ')).join('\n'));
  console.log(await query.tables());
});
