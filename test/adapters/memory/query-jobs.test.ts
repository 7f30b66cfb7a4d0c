import { queryJobsContract } from '../../contracts/query-jobs.contract';
import { memoryJobs } from '../../support/memory-jobs';

// The engine that the simulations of reports stand on keeps the rules that Athena's does.
const jobs = memoryJobs({
  async execute({ sql, params = [] }) {
    if (sql.includes('no_such_table')) throw new Error('no_such_table does not exist');
    const columns = params.map((_, i) => ({ name: `c${i}`, type: 'VARCHAR' }));
    return { rows: { columns, rows: [params] } };
  },
});
let tokens = 0;

queryJobsContract('memory', {
  jobs: () => jobs,
  token: () => `token-${++tokens}`,
  unknown: 'job-0',
  async ended(id) {
    await jobs.finish();
    return (await jobs.job(id))!;
  },
});
