import { defineLake } from 'tidemark';

// Three daily files, the whole rows that changed: tidemark ingest day1.csv --table employees --date 2021-01-01
export default defineLake({
  name: 'employees',
  timezone: 'UTC',
  tables: {
    employees: {
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
    },
  },
  reports: {
    // The table as it was at the end of each date; dates already built stay as they are.
    employees_daily: { table: 'employees', schedule: 'daily' },
  },
});
