// Runs the tests against AWS as it stands on this machine: installs the stand-ins where they are missing, starts them,
// runs jest with what follows on the command line, stops them.
//
//   node scripts/aws.mjs [arguments of jest]
//   node scripts/aws.mjs install     installs only
//   node scripts/aws.mjs start       keeps them running until Ctrl-C, and prints the environment to test with
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, start } from '../test/aws/stand-ins/all.mjs';
import { interruption } from '../test/aws/stand-ins/processes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const where = {
  cache: process.env.TIDEMARK_CACHE ?? join(root, '.cache/aws'),
  say: line => console.error(`stand-ins: ${line}`),
};

// Listened to from the first moment: whatever has started by then is stopped in order.
const interrupted = new Promise(resolve => {
  const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
  for (const [signal, code] of Object.entries(signals)) {
    process.on(signal, () => {
      interruption.abort();
      resolve(code);
    });
  }
});

/** Jest's exit code. */
function jest(args, environment) {
  const program = join(root, 'node_modules/jest/bin/jest.js');
  // Last: jest takes every bare word after --selectProjects for a project, so a path there would select nothing.
  const options = ['--maxWorkers=2', ...args, '--selectProjects', 'aws'];
  const child = spawn(process.execPath, [program, ...options], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  interrupted.then(() => child.kill('SIGTERM'));
  return new Promise(resolve => child.on('close', code => resolve(code ?? 1)));
}

async function main(args) {
  const installation = await install(where).catch(error => {
    throw new Error(`The stand-ins need python3 with venv, mvn with a Java, and npm.\n${error.message}`);
  });
  if (args[0] === 'install') return 0;
  const { environment, stop } = await start(where, installation);
  try {
    if (args[0] !== 'start') return await Promise.race([jest(args, environment), interrupted]);
    for (const [name, value] of Object.entries(environment)) console.log(`export ${name}=${value}`);
    await interrupted;
    return 0;
  } finally {
    await stop();
  }
}

main(process.argv.slice(2)).then(
  code => process.exit(code),
  async error => {
    console.error(error.message);
    process.exit(interruption.signal.aborted ? await interrupted : 1);
  },
);
