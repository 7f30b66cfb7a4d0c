import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { duckDbCopyEngine } from '../../../lib/adapters/local/duckdb-copy';
import { localScratch } from '../../../lib/adapters/local/scratch';
import type { TableConfig } from '../../../lib/config/define';
import { openLoad } from '../../../lib/ledger/loads';
import { countTasks } from '../../../lib/ledger/task-counts';
import { retryNoted } from '../../../lib/runtime/load-status';
import { scopeOf } from '../../../lib/stages/load/recipe';
import { recipeUnderWay } from '../../../lib/stages/load/recipe-object';
import { filesSource } from '../../../lib/stages/load/source/files';
import { readRows, testLake } from '../../support/lake';
import { hasty, loadPorts, projectOf } from '../../support/load-project';
import { SCRATCH } from '../../support/scratch';

const disk = mkdtempSync(join(SCRATCH, 'tm-disk-'));
const mount = (...options: string[]) =>
  spawnSync('/bin/mount', [...options, '-t', 'tmpfs', 'tmpfs', disk]).status === 0;
const mounted = mount('-o', 'size=1m');
afterAll(() => {
  if (mounted) spawnSync('/bin/umount', [disk]);
  rmdirSync(disk);
});

/** Half a kilobyte that nothing compresses to less than half. */
const hashes = (i: number) =>
  Array.from({ length: 4 }, (_, n) => createHash('sha512').update(`${i} ${n}`).digest('hex')).join('');

/** The same for the engine. */
const HASHES = Array.from({ length: 16 }, (_, i) => `md5(n || ':${i}')`).join(' || ');

// Where nobody may mount there is no small disk.
(mounted ? test : test.skip).each(['bring', 'engine'])(
  'load.fullDisk: a scratch folder that is full (%s) fails the task with its code; others go on, and it too when there is room',
  async who => {
    mount('-o', 'remount,size=1m');
    const text = who === 'engine' ? 'n' : 'text';
    const table: TableConfig = {
      key: ['id'],
      columns: { id: 'int', n: 'int', text: 'string' },
      load: { groupBytes: 1, derive: who === 'engine' ? { text: HASHES } : {} },
    };
    const lake = testLake({ name: 'disk', tables: { t: table } });
    const line = (i: number) => (text === 'n' ? `${i},${i}` : `${i},${i},${hashes(i)}`);
    const put = (name: string, from: number, to: number) => {
      const lines = Array.from({ length: to - from }, (_, i) => line(from + i));
      return lake.landing.put(
        `copy/${name}`,
        Buffer.from(`id,n${text === 'n' ? '' : ',text'}\n${lines.join('\n')}\n`),
      );
    };
    await put('1.csv', 0, 100);
    await put('2.csv', 100, 9000);
    await put('3.csv', 9000, 9100);
    const ports = {
      ...loadPorts(lake),
      clock: hasty(),
      engine: duckDbCopyEngine({ tempFolder: join(disk, 'spills') }),
      scratch: localScratch(disk),
    };
    const project = projectOf(lake, filesSource(lake.landing, { table: 't', from: ['copy/'] }), 't', {
      ports,
      workers: 1,
    });
    await expect(project.run()).rejects.toThrow(/TM_2753.*TM_5101.*no space left/);
    const scope = scopeOf(await recipeUnderWay(lake.ports, lake.lake.tables[0]!), 'split');
    expect(await countTasks(lake.ports.items, scope)).toMatchObject({ succeeded: 2, ignored: 1 });
    mount('-o', 'remount,size=64m');
    await retryNoted(ports, (await openLoad(lake.ports.items, 't'))!.load, undefined);
    await project.run();
    expect(await readRows(lake.ports, 't')).toHaveLength(9100);
  },
  60_000,
);
