import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TableConfig } from '../../lib/config/define';

/** The employees of examples/: three days of whole rows that changed, and who is gone is flagged. */
export const EMPLOYEES: TableConfig = {
  key: ['employee_id'],
  columns: {
    employee_id: 'bigint',
    sex: 'string',
    forename: 'string',
    surname: 'string',
    department_id: 'bigint',
    manager_id: 'bigint',
    record_deleted: 'boolean',
  },
  deletedWhen: { column: 'record_deleted', equals: true },
};

/** The dates of the days' files, of which there is one a day. */
export const DATES = ['2021-01-01', '2021-01-02', '2021-01-03'] as const;

/** The text of the file of day `n`, from 1. */
export const employeesOn = (n: number): string =>
  readFileSync(join(__dirname, `../../examples/employees/day${n}.csv`), 'utf8');
