import type { TableConfig } from '../../lib/config/define';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { ingestRecords } from '../../lib/stages/ingest-stream/ingest-records';
import { putUnjudgedAside } from '../../lib/stages/ingest-stream/unjudged';
import { replay } from '../../lib/stages/replay';
import { anyLake, deliver, rowsOf, START, shown } from '../support/any-source';
import { take } from '../support/lake';

const OPEN: TableConfig = {
  key: ['id'],
  from: 'events',
  columns: { id: 'bigint', v: 'bigint' },
  where: { state: 'open' },
};
/** Nothing of it is the table's, and nearly all of it at odds with the table. */
const OTHERS = '{"v":"seven","w":"8","state":"closed","_op":"reserved","":1,"ts":"noon","op":"X"}';
const ALL: TableConfig = { mode: 'append', from: 'events' };

test('I1 a row that leaves the filter leaves the table, and one that never was in it brings nothing', async () => {
  const lake = anyLake({ open: { ...OPEN, omit: ['state'] } });
  await deliver(lake, ['{"id":1,"v":1,"state":"open"}', '{"id":2,"v":2,"state":"open"}']);
  await deliver(lake, ['{"id":1,"v":"gone","state":"closed","why":"sold"}', '{"id":3,"state":"closed"}']);
  const { log, current } = await rowsOf(lake, 'open');
  expect(shown(current, ['id', 'v'])).toEqual(['2|2']);
  expect(shown(log, ['_op', 'id', 'v'])).toEqual(['D|1|null', 'D|3|null', 'I|1|1', 'I|2|2']);
  expect(log[0]).not.toHaveProperty('why');
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
});

test('I1 whether a row fits is found out before anything else of it is read', async () => {
  const { key: _, ...appended } = OPEN;
  const format = { timestampColumn: 'ts', opColumn: 'op', load: true };
  const lake = anyLake({ open: { ...appended, mode: 'append', aliases: { v: ['w'] }, format } });
  await deliver(lake, [OTHERS, '{"v":7,"state":"open","op":"I"}']);
  await take(lake, 'open.jsonl', `${OTHERS}\n{"v":8,"state":"open","op":"I"}\n`, { table: 'open' });
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
  expect(shown((await rowsOf(lake, 'open')).log, ['v', 'id'])).toEqual(['7|null', '8|null']);
});

test('I1 no row enters by an update that leaves its columns out', async () => {
  const lake = anyLake({ open: { ...OPEN, format: { opColumn: 'op' } } });
  await deliver(lake, [
    '{"op":"I","id":1,"v":1,"state":"closed"}',
    '{"op":"U","id":1,"state":"open"}',
    '{"op":"I","id":2,"v":2,"state":"closed"}',
    '{"op":"U","id":2,"v":null,"state":"open"}',
  ]);
  expect(shown((await rowsOf(lake, 'open')).current, ['id', 'v'])).toEqual(['2|null']);
  const [waiting] = await listQuarantined(lake.ports.items);
  expect(waiting!.rows.map(row => row.code)).toEqual(['TM_2389']);
});

test('I1 an append table takes no change of a row that stands', async () => {
  const lake = anyLake({ all: { ...ALL, format: { opColumn: 'op' } } });
  await deliver(lake, [
    '{"op":"I","v":1,"w":1}',
    '{"op":"I","v":2}',
    '{"op":"U","v":2}',
    '{"op":"D","v":1}',
    '{"op":"T"}',
  ]);
  expect(shown((await rowsOf(lake, 'all')).log, ['_op', 'v', '_absent'])).toEqual(['I|1|null', 'I|2|null']);
  const [waiting] = await listQuarantined(lake.ports.items);
  expect(waiting!.rows.map(row => row.code)).toEqual(['TM_2385', 'TM_2385', 'TM_2385']);
});

test('I5 a record that several tables take counts once in each: by its batch or by its replay', async () => {
  const lake = anyLake({ all: ALL, open: { ...OPEN, key: [] } });
  await deliver(lake, ['{"id":1,"v":1,"state":"open"}', '{"id":2,"v":2,"state":"closed"}']);
  const mended = { ...lake, lake: anyLake({ all: ALL, open: OPEN }).lake };
  const [waiting] = await listQuarantined(lake.ports.items);
  await replay(lake.ports, mended.lake, waiting!.id);
  expect(shown((await rowsOf(mended, 'all')).log, ['id'])).toEqual(['1', '2']);
  expect(shown((await rowsOf(mended, 'open')).current, ['id'])).toEqual(['1']);
});

test('I5 records that were given up unread come into every table that takes them', async () => {
  const lake = anyLake({ all: ALL, open: OPEN });
  for (const text of ['{"id":1,"v":1,"state":"open"}', '{"id":2,"v":"x","state":"open"}'])
    await lake.stream.put([{ key: 'k', data: Buffer.from(text) }]);
  const [shard] = await lake.stream.shards();
  const records = await lake.stream.read(shard!.id, undefined, 100);
  const stream = { name: 'events', createdAt: START, shards: lake.stream.shards };
  await ingestRecords(lake.ports, lake.lake, {
    source: 'events',
    stream,
    shard: shard!.id,
    records: records.slice(0, 1),
  });
  const fault = { code: 'TM_2324', reason: 'given up' } as const;
  await putUnjudgedAside(lake.ports, { source: 'events', stream, records, id: 'given-up', fault });
  for (let i = 0; i < 2; i++) {
    await replay(lake.ports, lake.lake, 'given-up');
    expect(shown((await rowsOf(lake, 'all')).log, ['id'])).toEqual(['1', '2']);
    expect(shown((await rowsOf(lake, 'open')).current, ['id'])).toEqual(['1']);
    const [waiting] = await listQuarantined(lake.ports.items);
    expect(waiting).toMatchObject({ id: 'given-up', code: 'TM_2103', badRows: 1 });
  }
});
