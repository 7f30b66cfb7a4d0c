import { join } from 'node:path';
import { openLocalItems } from '../../lib/adapters/local/items';
import { landedFile } from '../../lib/adapters/local/landing';
import type { ResolvedLake } from '../../lib/config/resolved';
import { readCounter } from '../../lib/ledger/counter';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { ingest } from '../../lib/stages/ingest/ingest';
import { mergeNext } from '../../lib/stages/merge/merge';
import { fileName, killedLake, localPorts, TABLES } from './killed-lake';
import { announced } from './killed-program';

/** Files looked at again by a process that starts: the last ones may have been in hand when others were killed. */
const AGAIN = 4;

let doing = 'start';

async function takenIn(ports: LakePorts): Promise<number> {
  let count = 0;
  for (const table of TABLES) count += (await readCounter(ports.items, table)).next - 1;
  return count;
}

async function mergeAll(ports: LakePorts, lake: ResolvedLake): Promise<void> {
  doing = 'merge';
  for (const table of lake.tables) while (await mergeNext(ports, table, lake.limits));
}

/** Takes in the landing's files one after the other and merges after each few, until it is done or killed. */
async function main(folder: string, landing: string, mergeEvery: number, count: number): Promise<void> {
  const lake = killedLake();
  const items = await openLocalItems(join(folder, 'ledger'));
  const ports = localPorts(folder, items, port => announced(port, () => doing));
  const first = count === 0 ? 0 : Math.max(0, (await takenIn(ports)) - AGAIN);
  const until = count === 0 ? await takenIn(ports) : count;
  for (let i = first; i < until; i++) {
    doing = 'ingest';
    await ingest(ports, lake, { ...(await landedFile(join(landing, fileName(i)))), date: '2021-01-01' });
    if (i % mergeEvery === 0) await mergeAll(ports, lake);
  }
  await mergeAll(ports, lake);
  await items.close();
}

// Should the one that started it be killed, it must not run for ever.
setTimeout(() => process.exit(3), 60_000).unref();
const [folder = '', landing = '', mergeEvery = '', count = ''] = process.argv.slice(2);
void main(folder, landing, Number(mergeEvery), Number(count));
