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

const root = fileURLToPath(new URL('..', import.meta.url));
const where = {
  cache: process.env.TIDEMARK_CACHE ?? join(root, '.cache/aws'),
  say: line => console.error(`stand-ins: ${line}`),
};

// Listened to from the first moment: whatever has started by then is stopped in order.
const interrupted = new Promise(resolve => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(128 + (signal === 'SIGINT' ? 2 : 15)));
});

function jest(args, environment) {
  const program = join(root, 'node_modules/jest/bin/jest.js');
  const child = spawn(process.execPath, [program, '--selectProjects', 'aws', ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  interrupted.then(() => child.kill('SIGTERM'));
  return new Promise(resolve => child.on('close', code => resolve(code ?? 1)));
}

async function main([command]) {
  const installation = await install(where);
  if (command === 'install') return 0;
  const starting = start(where, installation);
  const outcome = await Promise.race([starting, interrupted]);
  const { environment, stop } = typeof outcome === 'number' ? await starting : outcome;
  try {
    if (typeof outcome === 'number') return outcome;
    if (command !== 'start') return await Promise.race([jest(process.argv.slice(2), environment), interrupted]);
    for (const [name, value] of Object.entries(environment)) console.log(`export ${name}=${value}`);
    return (await interrupted) === 130 ? 0 : 1;
  } finally {
    await stop();
  }
}

main(process.argv.slice(2)).then(
  code => process.exit(code),
  error => {
    console.error(error.message);
    process.exit(1);
  },
);
