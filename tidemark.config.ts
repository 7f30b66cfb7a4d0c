import { defineLake } from 'tidemark';

// The lake that `npm run synth` makes of this clone: the tables of examples/, replicated by AWS DMS, and a stream.
// Yours is written by `tidemark init <sample files>`; every option stands in docs/config.md.
export default defineLake({
  name: 'tidemark',
  timezone: 'UTC',
  tables: {
    employees: {
      from: 'hr.employees',
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
      watch: true,
    },
    users: {
      from: 'shop.users',
      key: ['user_id'],
      columns: { user_id: 'int', name: 'string', city: 'string', last_login: 'date' },
    },
    states: {
      key: ['city'],
      columns: { city: 'string', state: 'string' },
    },
  },
  sources: {
    dms: {
      kind: 'dms-s3',
      schemas: { hr: ['employees'], shop: ['users'] },
      // Your own secret: host, port, username and password of the database.
      secretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-database-AbCdEf',
    },
    stream: { kind: 'kinesis', format: 'json' },
  },
  reports: {
    employees_daily: { table: 'employees', schedule: 'daily' },
    user_features: { sql: 'examples/reports/user_features.sql' },
  },
});
