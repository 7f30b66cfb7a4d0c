import { openLake } from 'tidemark/local';

const lake = await openLake('lake');
const [file] = await lake.ingest('employees-2021-01-03.csv');
await lake.report('employees_daily', '2021-01-03');
const { rows } = await lake.query('SELECT count(*) FROM employees WHERE department_id = $1', { params: [2] });
const states = await lake.history('employees', 7);
console.log(JSON.stringify([file.outcome, file.merged.rows, Number(rows[0][0]), states.rows.length]));
await lake.close();
