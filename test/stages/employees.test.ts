import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mergeAll, readRows, take, testLake } from '../support/lake';

const EXAMPLES = join(__dirname, '../../examples/employees');
const day = (n: number) => readFileSync(join(EXAMPLES, `day${n}.csv`));

const CONFIG = {
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

test('employees.days', async () => {
  const lake = testLake(CONFIG);
  const dates = ['2021-01-01', '2021-01-02', '2021-01-03'];
  for (const [i, date] of dates.entries()) {
    const result = await take(lake, `day${i + 1}.csv`, day(i + 1), { date, table: 'employees' });
    expect(result.outcome).toBe('taken-in');
    await mergeAll(lake, 'employees');
  }
  const rows = await readRows(lake.ports, 'employees');
  expect(rows.map(r => Number(r.employee_id))).toEqual([2, 3, 4, 5, 6, 7, 9, 10, 11]);
  expect((await readRows(lake.ports, 'employees_deltas')).length).toBe(13);
});
