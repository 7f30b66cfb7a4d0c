import { defineLake } from 'tidemark';

// The lake of the demo: employees from daily files, users from DMS files, and a small table of our own.
export default defineLake({
  name: 'demo',
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
    users: {
      from: 'shop.users', // users/shop/users/*.csv: headerless, so the columns stand here in their order
      key: ['user_id'],
      columns: { user_id: 'int', name: 'string', city: 'string', last_login: 'date' },
    },
    states: {
      key: ['city'],
      columns: { city: 'string', state: 'string' },
    },
  },
  reports: {
    employees_daily: { table: 'employees', schedule: 'daily' },
    user_features: { sql: 'reports/user_features.sql' },
  },
});
