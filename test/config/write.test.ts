import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { inferTable } from '../../lib/config/infer';
import { loadConfig } from '../../lib/config/load';
import { requireKey } from '../../lib/config/resolved';
import { configText } from '../../lib/config/write';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-write-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function loaded(text: string) {
  const file = join(folder, 'tidemark.config.ts');
  await writeFile(file, text);
  return loadConfig(file);
}

describe('config.write', () => {
  const orders = inferTable({
    source: 'orders',
    header: ['id', 'zip', 'the date', '_op'],
    rows: [['1', '012', '2021-01-01', 'I']],
  });
  const visits = inferTable({ source: 'Visits', header: ['page'], rows: [['a'], ['a']] });

  test('golden', () => {
    expect(
      configText({ name: 'shop', tables: [orders, visits] }),
    ).toBe(`import { defineLake } from 'tidemark';

// Every option: docs/config.md. Nothing has to be built: the command line reads this file as it is.
export default defineLake({
  name: 'shop',
  timezone: 'UTC', // a date ends when it ends here
  tables: {
    orders: {
      key: ['id'], // unique and not null in 1 rows
      columns: {
        id: 'bigint',
        zip: 'string', // unsure: kept as string: leading zeros
        'the date': 'date',
      },
      omit: ['_op'], // names the lake uses itself
      // partitionBy: ['month(<column>)'],
      // deletedWhen: { column: <column>, equals: true },
    },
    visits: {
      from: 'Visits',
      key: [], // TODO: name the columns that identify a row
      columns: {
        page: 'string',
      },
      // partitionBy: ['month(<column>)'],
      // deletedWhen: { column: <column>, equals: true },
    },
  },
  reports: {
    // orders_daily: { table: 'orders', schedule: 'daily' },
    // visits_daily: { table: 'visits', schedule: 'daily' },
  },
});
`);
  });

  test('loads; a key to do is refused when used', async () => {
    const lake = await loaded(configText({ name: 'shop', tables: [orders, visits] }));
    expect(lake.tables.map(table => table.name)).toEqual(['orders', 'visits']);
    expect(() => requireKey(lake.tables[0]!)).not.toThrow();
    expect(() => requireKey(lake.tables[1]!)).toThrow('TM_1010');
  });

  test('column names of any kind stay data', async () => {
    const letter = fc.constantFrom(
      "'",
      '"',
      '\\',
      '`',
      '$',
      '{',
      '\n',
      '\u2028',
      '*/',
      '//',
      ' ',
      'a',
      'é',
      '_',
    );
    const name = fc.string({ unit: letter, minLength: 1, maxLength: 8 }).map(text => `${text}x`);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(name, { minLength: 1, selector: text => text.toLowerCase() }),
        async header => {
          const table = inferTable({ source: 'orders', header: [...header, '__proto__'], rows: [] });
          const lake = await loaded(configText({ name: 'shop', tables: [table] }));
          expect(lake.tables[0]?.columns.map(column => column.name)).toEqual(header);
          expect(lake.tables[0]?.omit).toEqual(['__proto__']);
        },
      ),
      { numRuns: 30 },
    );
  });
});
