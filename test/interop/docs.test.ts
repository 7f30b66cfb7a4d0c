import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { localLakes } from '../query/local-lake';
import { mergeAll, take } from '../support/lake';
import { foreignReaders } from './readers';

const readers = foreignReaders();
const lakes = localLakes();
const ROOT = join(__dirname, '../..');

/** The page's Python snippets by the name their first line gives. */
function snippets(): Map<string, string> {
  const page = readFileSync(join(ROOT, 'docs/readers.md'), 'utf8');
  const found = page.matchAll(/```python\n# runs: (\S+)\n(.*?)```/gs);
  return new Map(Array.from(found, ([, name, code]) => [name!, code!]));
}

async function folder(): Promise<string> {
  const employees = {
    key: ['employee_id'],
    columns: {
      employee_id: 'bigint',
      department_id: 'bigint',
      manager_id: 'bigint',
      record_deleted: 'boolean',
    },
    deletedWhen: { column: 'record_deleted', equals: true },
  };
  const lake = await lakes({ name: 'hr', tables: { employees } });
  for (const n of [1, 2]) {
    const day = readFileSync(join(ROOT, `examples/employees/day${n}.csv`));
    await take(lake, `day${n}.csv`, day, { date: `2021-01-0${n}`, table: 'employees' });
    await mergeAll(lake, 'employees');
  }
  return lake.folder;
}

test('docs.everySnippetRuns', () => {
  expect([...snippets().keys()]).toEqual(['duckdb', 'pyiceberg', 'pyiceberg-travel', 'polars']);
});

test.each(['duckdb', 'pyiceberg', 'polars'])('docs.%s', async name => {
  const { columns, rows } = await readers.run(snippets().get(name)!, { lake: await folder() });
  expect(columns).toEqual(['employee_id', 'forename', 'surname']);
  expect(rows.length).toBeGreaterThan(3);
  expect(rows.map(row => row[0]).sort()).toEqual(departmentOne());
});

test('docs.pyiceberg-travel', async () => {
  const { rows } = await readers.run(snippets().get('pyiceberg-travel')!, { lake: await folder() });
  expect(rows).toHaveLength(5);
});

/** Ids of department 1 after two days, of those not deleted. */
function departmentOne(): string[] {
  const days = [1, 2].map(n => readFileSync(join(ROOT, `examples/employees/day${n}.csv`), 'utf8'));
  const cells = days.flatMap(text => text.trim().split('\n').slice(1)).map(line => line.split(','));
  const newest = new Map(cells.map(row => [row[0]!, row]));
  return [...newest.values()]
    .filter(row => row[4] === '1' && row[6] !== 'true')
    .map(row => row[0]!)
    .sort();
}
