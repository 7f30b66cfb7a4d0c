import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastCommitted } from '../../lib/ledger/loads';
import { pauseTable } from '../../lib/ledger/paused';
import type { Items } from '../../lib/ports/items';
import { localLoads } from '../../lib/runtime/load-here';
import { mergeAll, testLake } from '../support/lake';
import { SCRATCH } from '../support/scratch';

jest.setTimeout(60_000);

const cwd = mkdtempSync(join(SCRATCH, 'tidemark-load-here-'));
afterAll(() => rmSync(cwd, { recursive: true }));

/** A load whose commit is followed by something else before its own merge. */
async function loaded(meanwhile: (lake: ReturnType<typeof testLake>) => Promise<unknown>) {
  const lake = testLake({ name: 'here', tables: { t: { key: ['id'], columns: { id: 'bigint' } } } });
  const { items } = lake.ports;
  let done = false;
  const transact: Items['transact'] = async actions => {
    const result = await items.transact(actions);
    if (!done && (await lastCommitted(items, 't'))) {
      done = true;
      await meanwhile(lake);
    }
    return result;
  };
  const folder = mkdtempSync(join(cwd, 'lake-'));
  mkdirSync(join(folder, 'copy'));
  writeFileSync(join(folder, 'copy/t.csv'), 'id\n1\n2\n');
  mkdirSync(join(folder, 'lake'));
  const base = { ports: { ...lake.ports, items: { ...items, transact } }, config: lake.lake };
  const loads = await localLoads(base, { lake: join(folder, 'lake'), cwd: folder });
  return loads.run(lake.lake.tables[0]!, { from: ['copy'], workers: 1 });
}

test('loads.merged: what another process merged meanwhile is in the table; only a paused table waits', async () => {
  const merged = await loaded(lake => mergeAll(lake, 't'));
  expect(merged).toMatchObject({ n: 1, rows: 2, merged: { through: 1, rows: { total: 2 } } });
  const paused = await loaded(({ ports }) => pauseTable(ports.items, 't', 1));
  expect(paused).toMatchObject({ n: 1, rows: 2, merged: undefined });
});
