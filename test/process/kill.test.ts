import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
import { programOf, runUntil } from './killed-program';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 30);
const SEED = Number(process.env.TIDEMARK_SEED ?? Math.floor(Math.random() * 1e9));
/** More than the killed processes ever come to. */
const FILES = KILLS * 30;
/** Port calls that a process makes before it is killed, at most. */
const CALLS_MAX = 300;
const CHECK_EVERY = 10;

const folder = freshFolders();
const random = randomOf(SEED);
const below = (n: number) => Math.floor(random() * n);

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
  const program = programOf('lake-worker', top);
  const files = makeFiles(landing);
  const items = await openLocalItems(join(lake, 'ledger'));
  const ports = localPorts(lake, items);
  const killed = new Map<string, number>();
  let kills = 0;
  while (kills < KILLS) {
    const workers = kills % 3 === 0 && kills < KILLS - 1 ? 2 : 1;
    const ended = await Promise.all(
      Array.from({ length: workers }, () =>
        runUntil(program, [lake, landing, 1 + below(6), FILES], { calls: 5 + below(CALLS_MAX), random }),
      ),
    );
    for (const { phase, how } of ended) {
      expect(how).toBe('SIGKILL');
      killed.set(phase, (killed.get(phase) ?? 0) + 1);
    }
    kills += workers;
    if (Math.floor(kills / CHECK_EVERY) > Math.floor((kills - workers) / CHECK_EVERY)) {
      expect(await runUntil(program, [lake, landing, 5, 0])).toMatchObject({ how: 0 });
      await check(ports, landing, files);
    }
  }
  expect(await runUntil(program, [lake, landing, 5, 0])).toMatchObject({ how: 0 });
  const taken = await check(ports, landing, files);
  await items.close();
  process.stdout.write(`killed in ${JSON.stringify(Object.fromEntries(killed))}; ${taken} files\n`);
  expect(killed.get('ingest') ?? 0).toBeGreaterThan(0);
  expect(killed.get('merge') ?? 0).toBeGreaterThan(0);
}, 600_000);
