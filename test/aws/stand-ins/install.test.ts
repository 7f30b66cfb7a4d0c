import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const place = mkdtempSync(join(tmpdir(), 'tidemark-install-'));
const list = join(place, 'list.sha256');
const hash = (text: string) => createHash('sha256').update(text).digest('hex');

/** Runs lines of a module beside install/, in a node of their own: jest reads no .mjs. Gives what they wrote to stderr. */
function node(lines: string): string {
  const from = `import { checkFolder } from ${JSON.stringify(join(__dirname, 'install/artifacts.mjs'))};
    import { installed } from ${JSON.stringify(join(__dirname, 'install/step.mjs'))};`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', from + lines], { encoding: 'utf8' })
    .stderr;
}

/** What is said of a folder with these files, against a list of `a` and `b`. */
function judged(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(place, 'files-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(list, `# two files\n${hash('A')}  a\n${hash('B')}  b\n`);
  return node(`await checkFolder(${JSON.stringify(folder)}, ${JSON.stringify(list)});`);
}

afterAll(() => rmSync(place, { recursive: true }));

test('install.checksums take what the list names and refuse anything else', () => {
  expect(judged({ a: 'A', b: 'B' })).toBe('');
  expect(judged({ a: 'A', b: 'b' })).toMatch(/b has sha256 .* says/);
  expect(judged({ a: 'A' })).toMatch(/b of .* was not fetched/);
  expect(judged({ a: 'A', b: 'B', c: 'C' })).toMatch(/does not name: c/);
});

test('install.step is made anew after a failure and for other pins, and not otherwise', () => {
  const pin = join(place, 'pin');
  const step = (make: string) =>
    node(`await installed('thing', { cache: ${JSON.stringify(place)}, pins: [${JSON.stringify(pin)}],
      say: () => {}, make: async () => { ${make} } });`);
  writeFileSync(pin, '1');
  expect(step(`throw new Error('broke off')`)).toMatch(/broke off/);
  expect(step(`console.error('made')`)).toBe('made\n');
  expect(step(`console.error('made')`)).toBe('');
  writeFileSync(pin, '2');
  expect(step(`console.error('made')`)).toBe('made\n');
});
