import { randomBytes } from 'node:crypto';
import type { LakeConfig } from '../../lib/config/define';
import { type DeployedLake, deployedLake, describeDeployed } from './deployed-lake';

/** What a function's process may ever hold: three quarters of its memory, as nothing says how early V8 collects. */
const RESIDENT_MB_MAX = 384;

/** More rows than one merge takes on make more merges, not larger ones: TIDEMARK_MEMORY_SCALE=4 says so of four times as many. */
const SCALE = Number(process.env.TIDEMARK_MEMORY_SCALE ?? 1);

interface Load {
  readonly columns: number;
  readonly type: 'bigint' | 'string';
  readonly value: () => string;
  readonly rows: number;
}

const text = (length: number) =>
  randomBytes(Math.ceil(length * 0.75))
    .toString('base64')
    .slice(0, length);

/** Each is more than one merge takes on: by its rows, by its bytes, by the bytes of few rows. */
const LOADS: Readonly<Record<string, Load>> = {
  tall: { columns: 1, type: 'bigint', value: () => String(Math.floor(Math.random() * 1e9)), rows: 280_000 },
  texts: { columns: 7, type: 'string', value: () => text(20), rows: 150_000 },
  wide: { columns: 2, type: 'string', value: () => text(20_000), rows: 800 },
};

const namesOf = ({ columns }: Load) => Array.from({ length: columns }, (_, i) => `c${i}`);

const CHANGES: Partial<LakeConfig> = {
  deploy: { windowSeconds: 1 },
  tables: Object.fromEntries(
    Object.entries(LOADS).map(([name, load]) => {
      const columns = Object.fromEntries(namesOf(load).map(column => [column, load.type]));
      return [name, { key: ['id'], columns: { id: 'bigint', ...columns } }];
    }),
  ),
};

/** A file of rows with these ids. */
function csv(load: Load, ids: Iterable<number>): Buffer {
  const lines = [['id', ...namesOf(load)].join()];
  for (const id of ids) lines.push([id, ...namesOf(load).map(load.value)].join());
  return Buffer.from(lines.join('\n'));
}

function* spread(rows: number, step: number, from = 0): Generator<number> {
  for (let i = 0; i < rows; i += step) yield from + ((i * 7919) % rows);
}

describeDeployed('memory', () => {
  let lake: DeployedLake;
  beforeAll(async () => {
    lake = await deployedLake('memory', CHANGES);
  }, 180_000);
  afterAll(() => lake?.stop());

  const within = () => {
    const { errors, killed, memoryMb } = lake.driver.fleet;
    expect({ errors, killed }).toEqual({ errors: [], killed: 0 });
    if (SCALE > 1) console.log(Object.fromEntries(memoryMb));
    expect([...memoryMb].filter(([, megabytes]) => megabytes > RESIDENT_MB_MAX)).toEqual([]);
  };

  test.each(Object.entries(LOADS))(
    'memory.merge: %s, full slices of inserts, updates and late inserts',
    async (name, load) => {
      const rows = load.rows * SCALE;
      const files = [
        [`${name}-2030-01-02.csv`, spread(rows, 1)],
        [`${name}-2030-01-03.csv`, spread(rows, 2)],
        // Before what is merged, and unknown to it: the log is asked for the history of each (PROTOCOL.md, M3).
        [`${name}-2030-01-01.csv`, spread(rows, 2, rows)],
      ] as const;
      for (const [key, ids] of files) {
        await lake.driver.upload(key, csv(load, ids));
        await lake.driver.settle();
      }
      within();
    },
    SCALE * 300_000,
  );

  test(
    'memory.compact',
    async () => {
      expect((await lake.driver.fleet.invoke('compact', {})).ok).toBe(true);
      within();
    },
    SCALE * 300_000,
  );
});
