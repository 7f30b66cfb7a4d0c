import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES, folder } from './terminal';

const ROOT = join(__dirname, '../..');
let bundle: string;
let out: string;

beforeAll(() => {
  // Below the repository: the bundle's packages stay external and are looked for from where it stands.
  const cache = join(ROOT, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  out = mkdtempSync(join(cache, 'tidemark-cli-'));
  bundle = join(out, 'bin/tidemark.js');
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), out, 'bin']);
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

function child(cwd: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundle, ...args], {
    cwd,
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

test('bundle.streams and codes', () => {
  const cwd = folder();
  cpSync(join(EXAMPLES, 'employees'), cwd, { recursive: true });
  expect(child(cwd, 'ingest', 'day1.csv', '--table', 'employees').out).toContain('5 new');
  expect(child(cwd, 'ingest', 'day2.csv')).toMatchObject({
    code: 3,
    out: expect.stringContaining('[TM_2302]'),
    err: '',
  });
  expect(child(cwd, 'status', '--check').code).toBe(4);
  const query = child(cwd, 'query', 'select count(*) n from employees', '--output', 'csv');
  expect(query).toEqual({ code: 0, out: 'n\r\n5\r\n', err: '' });
  const fault = child(cwd, 'query', 'select nothing');
  expect([fault.code, fault.out]).toEqual([1, '']);
  expect(fault.err).toMatch(/^\[TM_6001\] .* · .* · .*\n$/s);
  expect(child(cwd, 'query', 'select nothing', '--debug').err).toContain('    at ');
  expect(child(cwd, '--nonsense').code).toBe(2);
});

test('bundle.help and version are quick', () => {
  const started = performance.now();
  expect(child(ROOT, '--version').out).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(performance.now() - started).toBeLessThan(2000);
  expect(child(ROOT, 'ingest', '--help').out).toContain('Examples:');
});
