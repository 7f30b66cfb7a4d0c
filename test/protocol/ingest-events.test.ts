import { eventRecord } from '../../lib/formats/intake-event';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { ingestRecords } from '../../lib/stages/ingest-stream/ingest-records';
import { replay } from '../../lib/stages/replay';
import { type AnyLake, anyLake, rowsOf, START, shown } from '../support/any-source';
import { beforeRecord } from './rules';

const SOURCES = { events: { kind: 'http' } } as const;
const lakeOf = (...tables: string[]) =>
  anyLake(Object.fromEntries(tables.map(name => [name, { mode: 'append', from: name } as const])), {
    sources: SOURCES,
  });

/** Records of one shard, as the intake puts them: the table, and the event's id. */
async function take(lake: AnyLake, shard: string, from: number, ...events: (readonly [string, string])[]) {
  const records = events.map(([table, id], i) => ({
    ...{ shard, sequence: String(from + i), key: id, arrivedAt: START + from + i },
    data: eventRecord({ id, table, receivedAt: START, data: JSON.stringify({ what: id }) }),
  }));
  const shards = async () => [
    { id: 'a', parents: [] },
    { id: 'child', parents: ['a'] },
  ];
  const stream = { name: 'events', createdAt: START, shards };
  return ingestRecords(lake.ports, lake.lake, { source: 'events', stream, shard, records });
}

const whatIn = async (lake: AnyLake, table: string) => shown((await rowsOf(lake, table)).log, ['what']);

test('I8 an event whose put was repeated counts once: in its batch, behind it, and on a child of its shard', async () => {
  const lake = lakeOf('swords');
  await take(lake, 'a', 1, ['swords', '1'], ['swords', '2'], ['swords', '1']);
  await take(lake, 'a', 4, ['swords', '2'], ['swords', '3']);
  await take(lake, 'child', 6, ['swords', '3'], ['swords', '1'], ['swords', '4']);
  expect(await whatIn(lake, 'swords')).toEqual(['1', '2', '3', '4']);
});

test('I8 an event is known by its table and its id', async () => {
  const lake = lakeOf('swords', 'guilds');
  await take(lake, 'a', 1, ['swords', '1'], ['guilds', '1']);
  await take(lake, 'child', 3, ['guilds', '1'], ['swords', '1']);
  expect([await whatIn(lake, 'swords'), await whatIn(lake, 'guilds')]).toEqual([['1'], ['1']]);
});

test('I8 an event that waits was not seen: it counts when it is taken in, and once', async () => {
  const typed = { mode: 'append', from: 'swords', columns: { what: 'int' } } as const;
  const lake = anyLake({ swords: typed }, { sources: SOURCES });
  await take(lake, 'a', 1, ['swords', 'one'], ['guilds', '2']);
  await take(lake, 'child', 3, ['swords', 'one'], ['guilds', '2']);
  const tables = {
    swords: { ...typed, columns: { what: 'string' } },
    guilds: { mode: 'append', from: 'guilds' },
  } as const;
  const mended = { ...lake, lake: anyLake(tables, { sources: SOURCES }).lake };
  const waiting = await listQuarantined(lake.ports.items);
  expect(waiting.map(({ badRows }) => badRows)).toEqual([1, 1, 1, 1]);
  for (const { id } of waiting) await replay(lake.ports, mended.lake, id);
  expect((await rowsOf(mended, 'swords')).log).toHaveLength(1);
  expect(await whatIn(mended, 'guilds')).toEqual(['2']);
});

test('I8 an event that another writer takes in meanwhile counts once', async () => {
  const lake = lakeOf('swords');
  const ports = beforeRecord(lake.ports, () => take(lake, 'child', 3, ['swords', '1']));
  await take({ ...lake, ports }, 'a', 1, ['swords', '1'], ['swords', '2']);
  expect(await whatIn(lake, 'swords')).toEqual(['1', '2']);
});
