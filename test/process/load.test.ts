import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLocalItems } from '../../lib/adapters/local/items';
import { entriesAfter } from '../../lib/ledger/entries';
import { openLoad } from '../../lib/ledger/loads';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { retryNoted } from '../../lib/runtime/load-status';
import { freshFolders } from '../adapters/folder';
import { randomOf } from '../simulation/scheduler';
import { readRows } from '../support/lake';
import { localPorts } from './killed-lake';
import { FILES, loadOf, ROWS } from './killed-load';
import { programOf, runUntil } from './killed-program';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 8);
const SEED = Number(process.env.TIDEMARK_SEED ?? Math.floor(Math.random() * 1e9));
/** More than a worker's lease, so that whoever comes next finds it over. */
const AHEAD_MS = 61_000;
/** A whole load makes several times as many port calls. */
const CALLS_MAX = 130;

const folder = freshFolders();
const random = randomOf(SEED);

function makeCopy(landing: string): void {
  mkdirSync(landing, { recursive: true });
  for (let file = 0; file < FILES; file++) {
    const lines = Array.from({ length: ROWS }, (_, i) => {
      const id = file * ROWS + i;
      return `${id},2021-0${1 + (id % 3)}-01 00:00:00,text ${id}`;
    });
    writeFileSync(join(landing, `${file}.csv`), `${['id,made,text', ...lines].join('\n')}\n`);
  }
}

async function rowsOf(ports: LakePorts): Promise<string[]> {
  const rows = await readRows(ports, 'rows');
  return rows.map(({ id, made, month, text }) => [id, made, month, text].join(' ')).sort();
}

test(`kill.load: a load that is killed ${KILLS} times ends as one that never was (TIDEMARK_SEED=${SEED})`, async () => {
  const top = folder();
  const landing = join(top, 'landing');
  makeCopy(landing);
  const program = programOf('load-worker', top);
  const [quiet, killed] = await Promise.all(
    ['quiet', 'killed'].map(async name => {
      const lake = join(top, name);
      mkdirSync(lake);
      const items = await openLocalItems(join(lake, 'ledger'));
      return { lake, items, ports: localPorts(lake, items) };
    }),
  );
  await loadOf(quiet!.ports, landing, join(quiet!.lake, '.tmp/load')).run();
  let kills = 0;
  let failures = 0;
  for (let ahead = 0; ; ahead += AHEAD_MS) {
    const kill = kills < KILLS ? { calls: 5 + Math.floor(random() * CALLS_MAX), random } : undefined;
    const { how, phase } = await runUntil(program, [killed!.lake, landing, ahead], kill);
    if (how === 'SIGKILL') kills++;
    if (how === 0) break;
    if (how === 'SIGKILL') continue;
    // A task whose workers died three times waits for somebody who retries it.
    expect([how, phase]).toEqual([1, 'failed']);
    expect(++failures).toBeLessThanOrEqual(KILLS);
    const { load } = (await openLoad(killed!.items, 'rows'))!;
    expect(await retryNoted(killed!.ports, load, undefined)).toBeGreaterThan(0);
  }
  process.stdout.write(`killed ${kills} times, retried ${failures} times\n`);
  expect(kills).toBeGreaterThan(KILLS / 2);
  const entries = [];
  for await (const { n, kind, rows } of entriesAfter(killed!.items, 'rows', 0))
    entries.push({ n, kind, rows });
  expect(entries).toEqual([{ n: 1, kind: 'load', rows: FILES * ROWS }]);
  expect(await rowsOf(killed!.ports)).toEqual(await rowsOf(quiet!.ports));
  for (const { items } of [quiet!, killed!]) await items.close();
}, 600_000);
