// Processes and ports of the stand-ins.
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Trino takes its time when it stops for the first time: it writes its archive of classes. */
const STOP_MILLIS_MAX = 120_000;

/** Aborted when all of it is to end: commands under way are killed, servers that are not ready are stopped. */
export const interruption = new AbortController();

/**
 * Runs a command to its end.
 * @throws with what it printed when it ends with other than 0, or when it is missing
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const { signal } = interruption;
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], signal, ...options });
    const printed = [];
    child.stdout.on('data', chunk => printed.push(chunk));
    child.stderr.on('data', chunk => printed.push(chunk));
    child.on('error', error => reject(new Error(`${command}: ${error.message}`)));
    child.on('close', code => {
      const text = Buffer.concat(printed).toString();
      if (code === 0) resolve(text);
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}\n${text.slice(-4000)}`));
    });
  });
}

/** Ports on loopback that nobody listens on. Held together until all are found, so that none comes twice. */
export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve, reject) => {
          const server = createServer().once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map(server => server.address().port);
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}

/**
 * Starts a server in a process group of its own (a Ctrl-C at the terminal reaches only us, and we end it in order) and
 * answers when `ready()` does. Its output goes to a log file.
 * @returns {Promise<{ pid: number, stop: () => Promise<void> }>}
 * @throws with the log's end when the process ends first or is not ready in time
 */
export async function serve(command, args, { log, ready, readyMillisMax = 120_000, ...options }) {
  const output = openSync(log, 'w');
  const child = spawn(command, args, { stdio: ['ignore', output, output], detached: true, ...options });
  let ended;
  const end = new Promise(resolve => {
    const note = how => {
      ended = how;
      resolve(how);
    };
    child.on('error', error => note(error.message));
    child.on('exit', (code, signal) => note(`ended with ${code ?? signal}`));
  });
  const stop = async () => {
    if (ended !== undefined) return;
    child.kill('SIGTERM');
    const patience = pause(STOP_MILLIS_MAX, 'late', { ref: false });
    if ((await Promise.race([end, patience])) === 'late') {
      child.kill('SIGKILL');
      await end;
    }
  };
  const until = Date.now() + readyMillisMax;
  while (!(await ready().catch(() => false))) {
    if (ended === undefined && !interruption.signal.aborted && Date.now() < until) {
      await pause(50);
      continue;
    }
    const reason =
      ended ??
      (interruption.signal.aborted ? 'was interrupted' : `was not ready after ${readyMillisMax / 1000} s`);
    await stop();
    throw new Error(`${command} ${reason}\n${(await readFile(log, 'utf8')).slice(-4000)}`);
  }
  return { pid: child.pid, stop };
}

/** Whether anything at all answers there. */
export async function answers(url) {
  await fetch(url);
  return true;
}
