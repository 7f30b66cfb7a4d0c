import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');

/** The only room that writes what Athena is sent: `athena/`, and beside it what the local engine is sent too. */
const WRITES = 'lib/query/';

/** SQL for the local engine alone. */
const LOCAL = ['lib/adapters/local/', 'lib/stages/report.ts', 'lib/stages/report/', 'lib/cli/demo/'];

/** A text that begins as a statement does. */
const STATEMENT =
  /[`'"](?:SELECT|WITH|INSERT INTO|CREATE|DROP|ALTER|MERGE INTO|DELETE FROM|UPDATE|EXPLAIN|SHOW|UNLOAD|OPTIMIZE|VACUUM|MSCK) /;

const files = ['lib', 'lambdas'].flatMap(room =>
  readdirSync(join(ROOT, room), { withFileTypes: true, recursive: true })
    .filter(e => e.isFile() && e.name.endsWith('.ts'))
    .map(e => relative(ROOT, join(e.parentPath, e.name))),
);

const writers = files.filter(file =>
  readFileSync(join(ROOT, file), 'utf8')
    .split('\n')
    .some(line => !/^\s*(?:\*|\/[/*])/.test(line) && STATEMENT.test(line)),
);

test('structure.sql: what Athena is sent is written in lib/query alone', () => {
  expect(writers).toContain('lib/query/athena/report-select.ts');
  const others = writers.filter(file => ![WRITES, ...LOCAL].some(place => file.startsWith(place)));
  expect(others).toEqual([]);
});
