// The game on this machine, with its load, until 20 swords are in their table: npm run example:swords
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { game } from './web/server.mjs';

const HERE = import.meta.dirname;
const TIDEMARK = join(HERE, '../../dist/bin/tidemark.js');
/** As `ab -n 10 -H "Host: <host>" <url><path>` does, for each host and path. */
const REQUESTS = 10;
const HOSTS = ['user1.comcast.com', 'user2.att.com'];
const PATHS = ['/', '/purchase_a_sword'];
const SWORDS = REQUESTS * HOSTS.length;
const SECONDS_MAX = 60;

const lake = mkdtempSync(join(tmpdir(), 'tidemark-swords-'));
const where = ['--config', join(HERE, 'tidemark.config.ts'), '--lake', lake];

const listener = spawn(process.execPath, [TIDEMARK, 'listen', '--port', '0', ...where], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [intake] = await once(createInterface(listener.stdout), 'line');
  const server = game(intake).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await load(server.address().port);
  server.close();
  const seconds = await arrived();
  for (const sql of ['show tables', 'describe sword_purchases', 'select * from sword_purchases']) {
    console.log(`\n$ tidemark query '${sql}'`);
    process.stdout.write(await query(sql));
  }
  console.log(`\n${SWORDS} swords in their table, ${seconds.toFixed(1)} s after the last was bought`);
} finally {
  if (listener.exitCode === null) {
    listener.kill('SIGINT');
    await once(listener, 'exit');
  }
  rmSync(lake, { recursive: true });
}

async function load(port) {
  const agent = new Agent({ keepAlive: true });
  for (const host of HOSTS) {
    for (const path of PATHS) {
      for (let i = 0; i < REQUESTS; i++) {
        const reply = await visit({ agent, port, path, host });
        if (i === 0) process.stdout.write(`${host}${path}: ${reply}`);
      }
    }
  }
  agent.destroy();
}

async function visit({ agent, port, path, host }) {
  const headers = { Host: host, 'User-Agent': 'ApacheBench/2.3', Accept: '*/*' };
  const [response] = await once(get({ agent, host: '127.0.0.1', port, path, headers }), 'response');
  const pieces = await response.toArray();
  if (response.statusCode !== 200) throw new Error(`${path} was answered ${response.statusCode}`);
  return Buffer.concat(pieces).toString();
}

/** Waits until all swords are in the table. */
async function arrived() {
  const began = performance.now();
  for (;;) {
    // Before the first merge there is no table.
    const found = await query('select count(*) n from sword_purchases', '--output', 'csv').catch(() => '');
    const seconds = (performance.now() - began) / 1000;
    if (found.trim().split('\n').at(-1) === String(SWORDS)) return seconds;
    if (seconds > SECONDS_MAX) throw new Error(`after ${SECONDS_MAX} s: ${found}`);
    await new Promise(resolve => setTimeout(resolve, 200));
  }
}

async function query(sql, ...more) {
  const { stdout } = await promisify(execFile)(process.execPath, [TIDEMARK, 'query', sql, ...where, ...more]);
  return stdout;
}
