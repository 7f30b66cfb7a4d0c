import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { openLocalItems } from '../../lib/adapters/local/items';
import { landedFile } from '../../lib/adapters/local/landing';
import { readCounter } from '../../lib/ledger/counter';
import { entriesAfter } from '../../lib/ledger/entries';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { ingest } from '../../lib/stages/ingest/ingest';
import { logTableOf } from '../../lib/table/columns';
import { openDelta } from '../../lib/table/data-file';
import { liveFiles } from '../../lib/table/live-files';
import { openTable } from '../../lib/table/open';
import { freshFolders } from '../adapters/folder';
import { checkLog, checkSnapshots } from '../simulation/invariants';
import { randomOf } from '../simulation/scheduler';
import { bytesOf, COLUMNS, meaningOf, randomFile, type WorldFile } from '../simulation/world';
import { fileName, killedLake, localPorts, TABLES } from './killed-lake';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 30);
const SEED = Number(process.env.TIDEMARK_SEED ?? Math.floor(Math.random() * 1e9));
/** More than the killed processes ever come to. */
const FILES = KILLS * 30;
/** Port calls that a process makes before it is killed, at most. */
const CALLS_MAX = 300;
const CHECK_EVERY = 10;

const ROOT = join(__dirname, '../..');
const folder = freshFolders();
const random = randomOf(SEED);
const below = (n: number) => Math.floor(random() * n);

interface Program {
  /** What it was doing when it ended, by its last word. */
  readonly phase: string;
  readonly how: number | string;
}

/** Runs a worker until it ends, or until it has made so many port calls and is killed. */
function run(program: string, args: readonly (string | number)[], calls?: number): Promise<Program> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, [program, ...args.map(String)], {
      env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    let lines = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-200);
      const before = lines;
      lines += text.split('\n').length - 1;
      // Not at once: calls take a while, and it should die in the middle of them.
      if (calls !== undefined && before < calls && lines >= calls) {
        void sleep(random() * 3).then(() => child.kill('SIGKILL'));
      }
    });
    child.on('close', (code, signal) => {
      const last = said.trimEnd().split('\n').at(-1) ?? '';
      resolve({ phase: last.split(' ')[0]!, how: code ?? signal ?? '' });
    });
  });
}

function makeFiles(landing: string): WorldFile[] {
  return Array.from({ length: FILES }, (_, i) => {
    const table = TABLES.find(t => fileName(i).endsWith(`/${t}.jsonl`))!;
    // The number in it makes each file another: two of the same bytes would be one.
    const file = { ...randomFile(among => among[below(among.length)]!, i), table };
    const path = join(landing, fileName(i));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${Buffer.from(bytesOf(file)).toString()}\n${' '.repeat(i)}`);
    return file;
  });
}

/** The lake at rest is exact: each entry once, each snapshot the fold of what it states, each named file whole. */
async function check(ports: LakePorts, landing: string, files: readonly WorldFile[]): Promise<number> {
  const identities = new Map<string, WorldFile>();
  let entries = 0;
  for (const table of TABLES) entries += (await readCounter(ports.items, table)).next - 1;
  for (const [i, file] of files.slice(0, entries).entries()) {
    const landed = await landedFile(join(landing, fileName(i)));
    const seen = await ingest(ports, killedLake(), { ...landed, date: '2021-01-01' });
    expect(seen.outcome).toBe('seen');
    identities.set(seen.identity!, file);
  }
  for (const table of TABLES) {
    const own = [...identities].filter(([, file]) => file.table === table).map(([id]) => id);
    await checkSnapshots(ports, table, COLUMNS, (source, n) => meaningOf(identities.get(source)!, n));
    await checkLog(ports, table, own);
    expect((await readCounter(ports.items, table)).next).toBe(own.length + 1);
    for await (const entry of entriesAfter(ports.items, table, 0)) await openDelta(ports.store, entry);
    for (const name of [table, logTableOf(table)]) await checkSizes(ports, name);
  }
  return entries;
}

async function checkSizes(ports: LakePorts, table: string): Promise<void> {
  const open = await openTable(ports, table);
  if (!open) return;
  const { data } = await liveFiles(ports.store, open.metadata);
  for (const { file } of data) {
    expect((await ports.store.head(ports.store.keyOf(file.path)))?.size).toBe(file.size);
  }
}

test(`kill.anywhere: ${KILLS} times, alone and two at once, the lake is right (TIDEMARK_SEED=${SEED})`, async () => {
  const top = folder();
  const lake = join(top, 'lake');
  const landing = join(top, 'landing');
  for (const path of [lake, landing]) mkdirSync(path, { recursive: true });
  const program = join(top, 'worker.cjs');
  buildSync({
    entryPoints: [join(__dirname, 'lake-worker.ts')],
    bundle: true,
    platform: 'node',
    external: ['lmdb', 'parquet-wasm'],
    outfile: program,
    logLevel: 'error',
  });
  const files = makeFiles(landing);
  const items = await openLocalItems(join(lake, 'ledger'));
  const ports = localPorts(lake, items);
  const killed = new Map<string, number>();
  let kills = 0;
  while (kills < KILLS) {
    const workers = kills % 3 === 0 && kills < KILLS - 1 ? 2 : 1;
    const ended = await Promise.all(
      Array.from({ length: workers }, () =>
        run(program, [lake, landing, 1 + below(6), FILES], 5 + below(CALLS_MAX)),
      ),
    );
    for (const { phase, how } of ended) {
      expect(how).toBe('SIGKILL');
      killed.set(phase, (killed.get(phase) ?? 0) + 1);
    }
    kills += workers;
    if (Math.floor(kills / CHECK_EVERY) > Math.floor((kills - workers) / CHECK_EVERY)) {
      expect(await run(program, [lake, landing, 5, 0])).toMatchObject({ how: 0 });
      await check(ports, landing, files);
    }
  }
  expect(await run(program, [lake, landing, 5, 0])).toMatchObject({ how: 0 });
  const taken = await check(ports, landing, files);
  await items.close();
  process.stdout.write(`killed in ${JSON.stringify(Object.fromEntries(killed))}; ${taken} files\n`);
  expect(killed.get('ingest') ?? 0).toBeGreaterThan(0);
  expect(killed.get('merge') ?? 0).toBeGreaterThan(0);
}, 600_000);
