import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openLocalItems } from '../../lib/adapters/local/items';
import { freshFolders } from '../adapters/folder';
import { randomOf } from '../simulation/scheduler';
import { readRows } from '../support/lake';
import { localPorts } from './killed-lake';
import { programOf } from './killed-program';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 6);
const SEED = Number(process.env.TIDEMARK_SEED ?? Math.floor(Math.random() * 1e9));
const AT_ONCE = 20;
const CONFIG = {
  name: 'web',
  sources: { events: { kind: 'http' } },
  tables: { visits: { mode: 'append', columns: { n: 'bigint' }, freshness: '100 milliseconds' } },
};

const ROOT = join(__dirname, '../..');
const folder = freshFolders();
const random = randomOf(SEED);

async function started(program: string, lake: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [program, lake], {
    env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = (await once(createInterface(child.stdout!), 'line')) as [string];
  return { child, url };
}

test(`kill.listen: what was answered before ${KILLS} kills is in, and nothing twice (TIDEMARK_SEED=${SEED})`, async () => {
  const top = folder();
  mkdirSync(top, { recursive: true });
  writeFileSync(join(top, 'tidemark.config.json'), JSON.stringify(CONFIG));
  const program = programOf('listen-worker', top);
  const answered: number[] = [];
  let next = 0;
  for (let kill = 0; kill <= KILLS; kill++) {
    const { child, url } = await started(program, top);
    const until = answered.length + 20 + random() * 100;
    const poster = async () => {
      while (answered.length < until) {
        const n = next++;
        const headers = { 'content-type': 'application/json' };
        const body = JSON.stringify({ n });
        const answer = await fetch(`${url}/events/visits`, { method: 'POST', headers, body }).catch(
          () => undefined,
        );
        if (!answer) return;
        if (answer.status === 202) answered.push(n);
      }
      // In the middle of what others wait for.
      if (kill < KILLS) child.kill('SIGKILL');
    };
    await Promise.all(Array.from({ length: AT_ONCE }, poster));
    child.kill(kill < KILLS ? 'SIGKILL' : 'SIGINT');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  const lake = join(top, 'lake');
  const items = await openLocalItems(join(lake, 'ledger'));
  const rows = (await readRows(localPorts(lake, items), 'visits')).map(row => Number(row.n));
  await items.close();
  expect(new Set(rows).size).toBe(rows.length);
  const known = new Set(rows);
  expect(answered.filter(n => !known.has(n))).toEqual([]);
}, 120_000);
