// Breaks one rule at a time in a copy of the tree, and runs that rule's tests there: each must fail.
// node scripts/mutate.mjs [the start of some rules' names ...]
import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const TESTS = {
  P: 'positions',
  I: 'ingest(-[a-z]+)?',
  L: '(ingest|loads(-[a-z]+)?)',
  S: '(ingest|schema)',
  N: 'entries',
  M: '(merge(-[a-z]+)?|rebuild)',
  V: '(vacuum|compact)',
  R: '(athena-)?reports',
};
const AT_ONCE = 2;

const wanted = process.argv.slice(2);
const all = JSON.parse(readFileSync(join(ROOT, 'test/protocol/mutations.json'), 'utf8'));
const mutations = all.filter(m => wanted.length === 0 || wanted.some(name => m.rule.startsWith(name)));

/** The files that git knows or would take, as they are now; packages by a link. */
function copyTree() {
  const copy = mkdtempSync(join(tmpdir(), 'tidemark-mutate-'));
  const listed = execFileSync('git', ['ls-files', '-coz', '--exclude-standard'], { cwd: ROOT }).toString();
  for (const file of listed.split('\0')) {
    if (
      !/^(lib|test|examples)\/|^(jest\.config\.js|package\.json)$/.test(file) ||
      !existsSync(join(ROOT, file))
    )
      continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(ROOT, file), join(copy, file), { force: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** Whether the tests whose names start with the rule pass. Throws when there are none. */
async function passes(copy, rule) {
  const pattern = rule.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const args = ['node_modules/jest/bin/jest.js', '--selectProjects', 'unit', '--json', '--silent'];
  const named = [
    '--testPathPatterns',
    `test/protocol/${TESTS[rule[0]]}.test`,
    '-t',
    `(^| )${pattern}( |$|[,:])`,
  ];
  const run = promisify(execFile)(process.execPath, [...args, ...named], { cwd: copy, maxBuffer: 1 << 27 });
  const { stdout } = await run.catch(error => error);
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(stdout);
  if (numRuntimeErrorTestSuites > 0) throw new Error(`the tests of ${rule} do not load`);
  if (numPassedTests + numFailedTests === 0) throw new Error(`no test is named ${rule}`);
  return numFailedTests === 0;
}

async function isCaught(copy, { rule, file, find, replace }) {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2) throw new Error(`${file} does not have exactly one: ${find}`);
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  try {
    return !(await passes(copy, rule));
  } finally {
    writeFileSync(path, text);
  }
}

let survived = 0;
const queue = [...mutations];

async function work() {
  const copy = copyTree();
  try {
    for (let mutation = queue.shift(); mutation; mutation = queue.shift()) {
      const verdict = await isCaught(copy, mutation).then(
        caught => (caught ? 'caught' : 'SURVIVED'),
        error => `BROKEN (${error.message})`,
      );
      if (verdict !== 'caught') survived++;
      console.log(`${verdict}\t${mutation.rule}\t${mutation.file}`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
console.log(`${mutations.length - survived} of ${mutations.length} mutations caught`);
process.exitCode = survived > 0 ? 1 : 0;
