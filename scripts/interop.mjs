// Runs the tests in which foreign readers take part: makes their Python environment where it is missing or of other
// versions, then starts jest with what follows on the command line. Registries are pip's own affair.
//
//   node scripts/interop.mjs [arguments of jest]
//   node scripts/interop.mjs install    makes the environment only
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const requirements = join(root, 'test/interop/requirements.txt');
const venv = join(root, '.cache/interop-venv');
const python = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const stamp = join(venv, 'requirements.sha256');

const run = (command, args, options = {}) =>
  spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options }).status === 0;

function fail(what, next) {
  console.error(`${what}\n${next}`);
  process.exit(1);
}

const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
const found = existsSync(python) && existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
if (found !== wanted) {
  const fromSystem = process.env.PYTHON ?? 'python3';
  if (!run(fromSystem, ['-c', 'import venv, ensurepip, sys; sys.exit(sys.version_info < (3, 10))'])) {
    fail(
      `npm run test:interop needs Python 3.10 or newer with its venv module; ${fromSystem} is not that.`,
      'Install python3 and python3-venv, or name one: PYTHON=/path/to/python3 npm run test:interop. `npm test` needs neither.',
    );
  }
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--requirement',
    requirements,
  ];
  if (!run(fromSystem, ['-m', 'venv', '--clear', venv]) || !run(python, pip)) {
    fail('The readers could not be installed.', `pip says why, above. They are listed in ${requirements}.`);
  }
  // Last: an installation that broke off has no stamp and is made anew.
  writeFileSync(stamp, wanted);
}

if (process.argv[2] === 'install') process.exit(0);

const jest = join(root, 'node_modules/jest/bin/jest.js');
// Much of a test's time its worker waits for Python: as many workers as processors, where jest takes one less.
const args = [jest, '--selectProjects', 'interop', '--maxWorkers=100%', ...process.argv.slice(2)];
process.exit(run(process.execPath, args, { env: { ...process.env, INTEROP_PYTHON: python } }) ? 0 : 1);
