import { defineLake } from 'tidemark';

// The lake that this repository's own stacks are synthesised for.
export default defineLake({
  name: 'shop',
  timezone: 'UTC',
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
      from: 'hr.employees',
    },
  },
  reports: {
    employees_daily: { table: 'employees', schedule: 'daily' },
  },
});
