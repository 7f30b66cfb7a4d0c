import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { folder, json, tidemark } from './terminal';

const TABLES = {
  a: `a: { mode: 'append', from: 'a', columns: { id: 'bigint', kind: 'string' }, where: { kind: 'x' } },`,
  b: `b: { key: ['id'], columns: { id: 'bigint', v: 'int' } },`,
};
const config = (...names: (keyof typeof TABLES)[]) =>
  `export default { name: 'w', tables: { ${names.map(name => TABLES[name]).join(' ')} },
    sources: { ev: { kind: 'kinesis', format: 'auto' } } };`;

let cwd: string;
beforeEach(() => {
  cwd = folder();
  write('tidemark.config.mjs', config('a', 'b'));
});

const write = (name: string, ...lines: string[]) => writeFileSync(join(cwd, name), `${lines.join('\n')}\n`);
const event = (table: string, data: object, id = 'e1') =>
  JSON.stringify({ tidemark: 'event', id, table, received_at: '2026-11-22T00:00:00.123Z', data });
const dms = (table: string, operation: string, more: object) =>
  JSON.stringify({ ...more, metadata: { operation, 'record-type': 'data', 'table-name': table } });
const ingest = (...args: string[]) => tidemark(cwd, ['ingest', '--source', 'ev', ...args]);

test('records.gone: a file seen before stays seen when its table is gone from the config, and the others come in', async () => {
  write('1.jsonl', event('a', { id: 1, kind: 'x' }));
  write('2.jsonl', event('b', { id: 2, v: 2 }));
  await ingest('1.jsonl');
  write('tidemark.config.mjs', config('b'));
  const ran = await ingest('1.jsonl', '2.jsonl');
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toMatch(/^1.jsonl {2}a {2}seen before, nothing to do\n2.jsonl {2}b {2}delta 1 {2}1 row/);
});

test('records.counted: what where left out and events that came before, in words and in JSON', async () => {
  const lines = [event('a', { id: 1, kind: 'y' }), event('a', { id: 2, kind: 'y' }, 'e2')];
  write('none.jsonl', ...lines);
  expect((await ingest('none.jsonl')).out).toBe('none.jsonl  a  2 rows left out by where, nothing to do\n');
  write('one.jsonl', event('a', { id: 3, kind: 'x' }, 'e3'), event('a', { id: 5, kind: 'y' }, 'e5'));
  expect((await ingest('one.jsonl')).out).toMatch(/delta 1 {2}1 row .* {3}1 row left out by where\n$/);
  const again = ['one.jsonl', '--again'];
  expect((await ingest(...again)).out).toContain('2 events dropped that came before, nothing to do\n');
  write(
    'more.jsonl',
    event('a', { id: 3, kind: 'x' }, 'e3'),
    event('a', { id: 4, kind: 'x' }, 'e4'),
    lines[0]!,
  );
  expect(json(await ingest('more.jsonl', '--output', 'json'))).toMatchObject([
    { table: 'a', outcome: 'taken-in', rows: 1, repeated: 2, control: null },
  ]);
});

test('records.seen: one whose merge is still due is merged, and says no more than that', async () => {
  write('1.jsonl', event('b', { id: 1, v: 1 }));
  await ingest('1.jsonl', '--no-merge');
  expect((await ingest('1.jsonl')).out).toMatch(/^1.jsonl {2}b {2}seen before, merged now {3}1 new/);
});

test('records.control: what a source says of its tables is said whole, and stands in JSON', async () => {
  const control = JSON.stringify({
    control: { 'table-def': { columns: { [`c${'x'.repeat(100)}`]: { type: 'INT32' } } } },
    metadata: { operation: 'drop-table', 'record-type': 'control', 'table-name': 'b' },
  });
  write('1.jsonl', control, dms('b', 'insert', { data: { id: 1, v: 1 } }));
  const ran = await ingest('1.jsonl', '--output', 'json');
  expect(ran.err).toMatch(/^1\.jsonl: drop-table b: \[TM_2397\] .{60,}\n$/);
  expect(ran.err).not.toContain('…');
  expect(json(ran)).toMatchObject([
    { file: '1.jsonl', table: 'b', outcome: 'refused', code: 'TM_2397', control: 'drop-table', rows: null },
    { table: 'b', outcome: 'taken-in', rows: 1, control: null },
  ]);
});

test('records.paused: who takes in rows of a paused table is told', async () => {
  write('1.jsonl', event('b', { id: 1, v: 1 }));
  write('b.csv', 'id,v', '2,2');
  await tidemark(cwd, ['ingest', 'b.csv', '--no-merge']);
  await tidemark(cwd, ['pause', 'b']);
  expect((await ingest('1.jsonl')).out).toContain('delta 2  1 row   waits: b is paused\n');
  expect((await tidemark(cwd, ['ingest', 'b.csv'])).out).toContain('seen before, waits: b is paused\n');
});

test('records.mend: what still waits after a replay names two commands', async () => {
  write(
    'bad.jsonl',
    dms('b', 'insert', { data: { id: 1, v: 'many' } }),
    dms('none', 'insert', { data: { id: 1 } }),
  );
  await ingest('bad.jsonl');
  const ran = await tidemark(cwd, ['replay', 'bad.jsonl']);
  expect(ran.code).toBe(3);
  const mends = ran.out.split('\n').filter(line => line.startsWith('  mend: '));
  expect(mends.length).toBeGreaterThan(0);
  for (const mend of mends) expect(mend).toMatch(/^ {2}mend: \w+ [^/]*, then tidemark replay bad.jsonl$/);
});

test('records.input: a link names the real file; of a pipe, use -; a path outside keeps its slash', async () => {
  const other = folder();
  writeFileSync(join(other, 'real.jsonl'), '');
  writeFileSync(join(other, 'torn.jsonl.gz'), gzipSync('{}'.repeat(99)).subarray(0, 15));
  symlinkSync(join(other, 'real.jsonl'), join(cwd, 'link.jsonl'));
  execFileSync('mkfifo', [join(cwd, 'pipe')]);
  const ran = await ingest('link.jsonl', 'pipe', join(other, 'torn.jsonl.gz'));
  expect(ran.code).toBe(1);
  const [link, pipe, torn] = ran.err.split('\n');
  expect(link).toBe(
    `[TM_5108] it is a symbolic link · link.jsonl · name the real file: ${join(other, 'real.jsonl')}`,
  );
  expect(pipe).toMatch(/^\[TM_5109\] .* use -/);
  expect(torn).toContain(` · ${join(other, 'torn.jsonl.gz')}`);
});

test('records.spool: what a killed pipe left is removed by the next ingest of records', async () => {
  const spool = join(cwd, 'lake/.tmp/records');
  const dead = spawn('true');
  await new Promise(resolve => dead.on('exit', resolve));
  const left = join(spool, `${dead.pid}@${hostname()}@1@x`);
  mkdirSync(left, { recursive: true });
  write('1.jsonl', event('b', { id: 1, v: 1 }));
  await ingest('1.jsonl');
  expect(existsSync(left)).toBe(false);
  expect(readdirSync(spool)).toEqual([]);
});

test('records.one table: a file that several tables take comes in by the mend it names, and nothing waits', async () => {
  write(
    'tidemark.config.mjs',
    `export default { name: 'w', tables: {
      x: { mode: 'append', from: 'ev', columns: { kind: 'string' }, where: { kind: 'x' } },
      y: { mode: 'append', from: 'ev', columns: { kind: 'string' } } } };`,
  );
  write('ev.csv', 'id,kind', '1,x', '2,y');
  const ran = await tidemark(cwd, ['ingest', 'ev.csv']);
  expect(ran.out).toContain('  mend: take the file in with --table, once for each of x, y\n');
  await tidemark(cwd, ['ingest', 'ev.csv', '--table', 'x']);
  await tidemark(cwd, ['ingest', 'ev.csv', '--table', 'y']);
  expect((await tidemark(cwd, ['quarantine', 'list'])).err).toContain('nothing waits');
  const counts = 'select (select count(*) from x) as x, (select count(*) from y) as y';
  expect(json(await tidemark(cwd, ['query', counts, '--output', 'json']))).toEqual([{ x: '1', y: '2' }]);
});

test('status.http: a source of events stands there once, with all that waits of it', async () => {
  write(
    'tidemark.config.mjs',
    `export default { name: 'w', tables: { ${TABLES.b} }, sources: { ev: { kind: 'http' } } };`,
  );
  write('1.jsonl', event('b', { id: 1, v: 'many' }));
  await ingest('--format', 'event', '1.jsonl');
  const sources = json(await tidemark(cwd, ['status', '--sources', '--output', 'json']));
  expect(sources.filter(({ source }) => source === 'ev')).toMatchObject([{ kind: 'stream', quarantined: 1 }]);
});
