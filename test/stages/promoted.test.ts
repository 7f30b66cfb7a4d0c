import { columnFromScalars } from '../../lib/columnar/kernels';
import { resolveLake } from '../../lib/config/resolve';
import { widenColumn } from '../../lib/iceberg/evolution';
import { currentSchema } from '../../lib/iceberg/metadata';
import { encodeRowGroup } from '../../lib/parquet/wasm';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { openQuery } from '../../lib/query/open';
import { compactNext } from '../../lib/stages/compact/compact';
import { rebuild } from '../../lib/stages/rebuild';
import { openFile } from '../../lib/table/data-file';
import { liveFiles } from '../../lib/table/live-files';
import { type LocalLake, localLakes } from '../query/local-lake';
import { alter, theTable } from '../support/foreign';
import { mergeAll, take } from '../support/lake';

const T = 'orders';
const WIDE = { id: 'bigint', n: 'bigint', f: 'double', d: 'decimal(20,2)' };
const NARROW = { id: 'int', n: 'int', f: 'float', d: 'decimal(9,2)' };

const config = (columns: Readonly<Record<string, string>>, format = {}) => ({
  name: 'shop',
  tables: { [T]: { key: ['id'], columns, format } },
});

const STORED_WIDE = ['d FIXED_LEN_BYTE_ARRAY', 'f DOUBLE', 'id INT64', 'n INT64'];

const lakes = localLakes();

/** The same lake under another config. */
const under = (lake: LocalLake, columns: Readonly<Record<string, string>>, format = {}): LocalLake => ({
  ...lake,
  lake: resolveLake(config(columns, format), '/config/tidemark.config.ts'),
});

async function answer(lake: LocalLake, name = T): Promise<string[]> {
  const query = await openQuery(lake.ports, lake.lake, lake.engine);
  const { columns, rows } = await query.run(`SELECT id, n, f, d FROM ${name} ORDER BY ALL`);
  expect(columns.map(c => c.type)).toEqual(['BIGINT', 'BIGINT', 'DOUBLE', 'DECIMAL(20,2)']);
  return rows.map(row => row.join(' '));
}

/** What each live file of a table calls the types of these columns. */
async function storedTypes(lake: LocalLake, table: string): Promise<Set<string>> {
  const { metadata } = await theTable(lake.ports, table);
  const types = new Set<string>();
  for (const { file } of (await liveFiles(lake.ports.store, metadata)).data) {
    const { footer } = await openFile(lake.ports.store, file);
    for (const { name, physical } of footer.columns) if (name in WIDE) types.add(`${name} ${physical}`);
  }
  return types;
}

describe.each([
  [
    'plain CSV',
    {},
    [
      'id,n,f,d\n1,5000000000,0.1,123456789012345.67\n2,2,0.5,2.00\n',
      'id,n,f,d\n1,7,0.25,3.50\n2,2,0.5,2.00\n3,-1,1.5,-0.25\n',
    ],
  ],
  [
    'JSON lines with ops',
    { kind: 'json-lines' as const, opColumn: 'op' },
    [
      '{"op":"I","id":1,"n":5000000000,"f":0.1,"d":"123456789012345.67"}\n{"op":"I","id":2,"n":2,"f":0.5,"d":"2.00"}\n',
      '{"op":"T"}\n{"op":"I","id":1,"n":7,"f":0.25,"d":"3.50"}\n{"op":"I","id":2,"n":2,"f":0.5,"d":"2.00"}\n{"op":"U","id":3,"n":-1,"f":1.5,"d":"-0.25"}\n',
    ],
  ],
])('promoted.declared narrower than the table: %s', (_, format, [first, second]) => {
  test('is read and written as wide as the table is, through merge, compaction and rebuild', async () => {
    const lake = await lakes(config(WIDE, format));
    const kind = 'kind' in format ? 'jsonl' : 'csv';
    await take(lake, `${T}.${kind}`, first!, { date: '2021-01-01', table: T });
    await mergeAll(lake, T);
    expect(await answer(lake)).toEqual(['1 5000000000 0.1 123456789012345.67', '2 2 0.5 2.00']);
    const narrow = under(lake, NARROW, format);
    const taken = await take(narrow, `${T}-2.${kind}`, second!, { date: '2021-01-02', table: T });
    expect(taken.outcome).toBe('taken-in');
    await mergeAll(narrow, T);
    const expected = ['1 7 0.25 3.50', '2 2 0.5 2.00', '3 -1 1.5 -0.25'];
    expect(await answer(narrow)).toEqual(expected);
    for (const table of [T, `${T}_deltas`])
      expect([...(await storedTypes(narrow, table))].sort()).toEqual(STORED_WIDE);
    const [table] = narrow.lake.tables;
    await compactNext(narrow.ports, table!, { ...narrow.lake.limits, fileBytesMax: 1 << 30 });
    await rebuild(narrow.ports, table!, narrow.lake.limits);
    expect(await answer(narrow)).toEqual(expected);
    expect(
      currentSchema((await theTable(lake.ports, T)).metadata)
        .fields.slice(0, 4)
        .map(f => f.type),
    ).toEqual(['long', 'long', 'double', 'decimal(20,2)']);
  });
});

/** Ports on which something happens before the first delta is written. */
function beforeDelta(ports: LakePorts, happens: () => Promise<void>): LakePorts {
  let done = false;
  const putIfAbsent: LakePorts['store']['putIfAbsent'] = async (key, body) => {
    if (!done && key.startsWith('deltas/')) {
      done = true;
      await happens();
    }
    return ports.store.putIfAbsent(key, body);
  };
  return { ...ports, store: { ...ports.store, putIfAbsent } };
}

test('promoted.meanwhile: a log that is widened while a file is taken in gets its rows as they are', async () => {
  const lake = await lakes(config(NARROW));
  await take(lake, `${T}.csv`, 'id,n,f,d\n1,1,0.5,1.00\n', { date: '2021-01-01', table: T });
  const wide = under(lake, WIDE);
  const ports = beforeDelta(lake.ports, async () => {
    await take(wide, `${T}-2.csv`, 'id,n,f,d\n2,5000000000,0.1,2.00\n', { date: '2021-01-02', table: T });
  });
  await take({ ...lake, ports }, `${T}-3.csv`, 'id,n,f,d\n3,-1,-0.5,-1.00\n', {
    date: '2021-01-03',
    table: T,
  });
  await mergeAll(wide, T);
  expect(await answer(wide)).toEqual(['1 1 0.5 1.00', '2 5000000000 0.1 2.00', '3 -1 -0.5 -1.00']);
});

test('promoted.by another engine: the table alone is wider than its log', async () => {
  const lake = await lakes(config(NARROW));
  await take(lake, `${T}.csv`, 'id,n,f,d\n1,1,0.5,1.00\n2,2,0.25,-2.00\n', { date: '2021-01-01', table: T });
  await mergeAll(lake, T);
  const types = { id: 'long', n: 'long', f: 'double', d: 'decimal(20,2)' } as const;
  await alter(lake.ports, T, md =>
    currentSchema(md).fields.reduce(
      (wider, { id, name }) =>
        name in types ? widenColumn(wider, id, types[name as keyof typeof types], 0) : wider,
      md,
    ),
  );
  await take(lake, `${T}-2.csv`, 'id,n,f,d\n1,-7,-0.5,-1.00\n3,3,3.5,3.00\n', {
    date: '2021-01-02',
    table: T,
  });
  await mergeAll(lake, T);
  const expected = ['1 -7 -0.5 -1.00', '2 2 0.25 -2.00', '3 3 3.5 3.00'];
  expect(await answer(lake)).toEqual(expected);
  await rebuild(lake.ports, lake.lake.tables[0]!, lake.lake.limits);
  expect(await answer(lake)).toEqual(expected);
  expect([...(await storedTypes(lake, T))].sort()).toEqual(STORED_WIDE);
});

test('promoted.encode: a column that is not of its field is refused, not written as other values', () => {
  const column = columnFromScalars('int', [-1]);
  const fields = [{ id: 1, name: 'n', type: 'long' as const, required: false }];
  expect(() => encodeRowGroup({ length: 1, fields, columns: [column] })).toThrow('TM_4101');
});
