import type { TableConfig } from '../../../lib/config/define';
import { currentSchema } from '../../../lib/iceberg/metadata';
import { listQuarantined } from '../../../lib/ledger/quarantine';
import { userFields } from '../../../lib/table/columns';
import { openTable } from '../../../lib/table/open';
import {
  type AnyLake,
  anyLake,
  deliver,
  fileOf,
  rowsOf,
  START,
  shown,
  takeRows,
  WAYS,
} from '../../support/any-source';
import { take } from '../../support/lake';

const AGENTS: TableConfig = {
  mode: 'append',
  from: 'events',
  columns: { user_agent: 'string', n: 'bigint' },
  aliases: { user_agent: ['User-Agent', 'ua'] },
};

async function columnsOf(lake: AnyLake, table: string): Promise<string[]> {
  const open = await openTable(lake.ports, table);
  return userFields(currentSchema(open!.metadata).fields).map(({ name }) => name);
}

describe.each(WAYS)('aliases from %s', way => {
  test.each(['user_agent', 'User-Agent', 'ua', 'USER-AGENT', 'UA'])(
    `aliases.%s is the column (${way})`,
    async name => {
      const lake = anyLake({ agents: AGENTS });
      await takeRows(lake, 'agents', way, [{ [name]: 'x', n: '1' }]);
      expect(shown((await rowsOf(lake, 'agents')).current, ['user_agent', 'n'])).toEqual(['x|1']);
      expect(await columnsOf(lake, 'agents')).toEqual(['user_agent', 'n']);
    },
  );

  test(`aliases.clash: two names of one column in one row are a fault (${way})`, async () => {
    const lake = anyLake({ agents: AGENTS });
    const rows = [
      { ua: 'x', n: '1' },
      { ua: 'y', 'User-Agent': 'z', n: '2' },
    ];
    if (way === 'stream')
      await deliver(
        lake,
        rows.map(row => JSON.stringify(row)),
      );
    else {
      const [name, bytes] = fileOf(way, rows);
      expect(await take(lake, name, bytes, { table: 'agents' })).toMatchObject({ outcome: 'quarantined' });
    }
    const [waiting] = await listQuarantined(lake.ports.items);
    expect(waiting).toMatchObject({ code: 'TM_2185' });
    expect(waiting!.reason).toContain('column user_agent under two names, ua and User-Agent');
    const came = way === 'stream' ? ['x|1'] : [];
    expect(shown((await rowsOf(lake, 'agents')).current, ['user_agent', 'n'])).toEqual(came);
  });

  test(`aliases.mixed: rows of one source may call a column otherwise than others (${way})`, async () => {
    const lake = anyLake({ agents: AGENTS });
    await takeRows(lake, 'agents', way, [{ ua: 'x', n: '1' }]);
    await takeRows(lake, 'agents', way, [{ 'User-Agent': 'y', n: '2' }]);
    if (way === 'json-lines' || way === 'stream')
      await takeRows(lake, 'agents', way, [{ ua: 'z' }, { user_agent: 'w' }]);
    const { current } = await rowsOf(lake, 'agents');
    const more = way === 'json-lines' || way === 'stream' ? ['w|null', 'z|null'] : [];
    expect(shown(current, ['user_agent', 'n'])).toEqual([...more, 'x|1', 'y|2'].sort());
  });

  test(`others.omit: only declared columns come in (${way})`, async () => {
    const lake = anyLake({ agents: { ...AGENTS, others: 'omit' } });
    const row = { 'User-Agent': 'x', Connection: 'close', n: '1', '': 'nameless', _pos: '1' };
    const { '': _, _pos, ...inFiles } = row;
    await takeRows(lake, 'agents', way, [way === 'stream' ? row : inFiles]);
    expect(await listQuarantined(lake.ports.items)).toEqual([]);
    expect(shown((await rowsOf(lake, 'agents')).current, ['user_agent', 'n'])).toEqual(['x|1']);
    expect(await columnsOf(lake, 'agents')).toEqual(['user_agent', 'n']);
  });
});

test('aliases.before: before-images bear the source’s names too', async () => {
  const lake = anyLake(
    {
      t: {
        key: ['id'],
        columns: { id: 'bigint', v: 'string' },
        aliases: { id: ['ID#'], v: ['Val'] },
        from: 's.t',
      },
    },
    { sources: { events: { kind: 'kinesis', format: 'dms' } } },
  );
  const record = (operation: string, data: object, before?: object) =>
    JSON.stringify({
      data,
      ...(before ? { 'before-image': before } : {}),
      metadata: { 'record-type': 'data', operation, 'schema-name': 's', 'table-name': 't' },
    });
  await deliver(lake, [
    record('insert', { 'ID#': 1, Val: 'a' }),
    record('update', { 'ID#': 2, Val: 'b' }, { 'ID#': 1 }),
  ]);
  expect(shown((await rowsOf(lake, 't')).current, ['id', 'v'])).toEqual(['2|b']);
  const csv = 'Op,ID#,Val,BI_ID#\nU,3,c,2\n';
  const file = await take(lake, 's/t/20260102-000000000.csv', csv);
  expect(file.outcome).toBe('quarantined');
  const headed = anyLake({
    t: {
      key: ['id'],
      columns: { id: 'bigint', v: 'string' },
      aliases: { id: ['ID#'], v: ['Val'] },
      from: 's.t',
      format: { header: true },
    },
  });
  await take(headed, 's/t/20260101-000000000.csv', 'Op,ID#,Val\nI,2,b\n');
  await take(headed, 's/t/20260102-000000000.csv', csv);
  expect(shown((await rowsOf(headed, 't')).current, ['id', 'v'])).toEqual(['3|c']);
});

/** The older system's table (a Presto table over files that a stream job wrote). */
const SWORDS: TableConfig = {
  mode: 'append',
  from: 'events',
  columns: {
    raw_event: 'string',
    timestamp: 'string',
    accept: 'string',
    host: 'string',
    user_agent: 'string',
    event_type: 'string',
  },
  aliases: { accept: ['Accept'], host: ['Host'], user_agent: ['User-Agent'] },
  where: { event_type: 'purchase_sword' },
  others: 'omit',
  record: { text: 'raw_event', arrivedAt: 'timestamp' },
};

const event = (event_type: string, Host: string) =>
  JSON.stringify({ event_type, Accept: '*/*', Host, 'User-Agent': 'ApacheBench/2.3', Connection: 'close' });

test('record.swords: raw event, broker time and the columns asked for, of purchases alone', async () => {
  const lake = anyLake({ sword_purchases: SWORDS });
  const texts = ['user1.comcast.com', 'user2.att.com'].flatMap(host => [
    ...Array<string>(10).fill(event('default', host)),
    ...Array<string>(10).fill(event('purchase_sword', host)),
  ]);
  const taken = await deliver(
    lake,
    texts.map(text => ` ${text}\r\n`),
  );
  expect(taken).toMatchObject({ strays: 0, tables: [{ outcome: 'taken-in', rows: 20, leftOut: 20 }] });
  const { current } = await rowsOf(lake, 'sword_purchases');
  expect(current).toHaveLength(20);
  expect(await columnsOf(lake, 'sword_purchases')).toEqual(Object.keys(SWORDS.columns!));
  expect(current[0]).toMatchObject({
    raw_event: event('purchase_sword', 'user1.comcast.com'),
    timestamp: new Date(START + 11).toISOString(),
    accept: '*/*',
    host: 'user1.comcast.com',
    user_agent: 'ApacheBench/2.3',
    event_type: 'purchase_sword',
  });
  expect((await deliver(lake, [])).tables).toMatchObject([{ outcome: 'seen' }]);
});

test('record.types: undeclared columns are strings; arrival may be a timestamp; JSON lines have their line', async () => {
  const lake = anyLake({
    t: {
      mode: 'append',
      from: 'events',
      columns: { at: 'timestamp' },
      record: { text: 'raw', arrivedAt: 'at' },
    },
  });
  await deliver(lake, ['{"a":1, "b":[1,  2]}']);
  await take(lake, 't.jsonl', '{"a":2}  \n\n {"a":3}\r\n', { table: 't' });
  const { current } = await rowsOf(lake, 't');
  expect(shown(current, ['raw', 'a', 'b', 'at'])).toEqual([
    `{"a":1, "b":[1,  2]}|1|[1,  2]|${BigInt(START + 1) * 1000n}`,
    '{"a":2}|2|null|null',
    '{"a":3}|3|null|null',
  ]);
});

test('record.event: the text is the event’s, not that of an envelope around it', async () => {
  const lake = anyLake(
    { orders: { mode: 'append', record: { text: 'raw', arrivedAt: 'came' } } },
    { sources: { events: { kind: 'kinesis', format: 'service-event' } } },
  );
  const data = '{"id": 7 , "city":"Lyon"}';
  const envelope = (type: string) =>
    `{"source":"orders","type":"${type}","data":${data},"event_date":"2026-01-01T00:00:00Z","uuid":"u","version":"1"}`;
  await deliver(lake, [envelope('create'), envelope('delete')]);
  const { current } = await rowsOf(lake, 'orders');
  expect(shown(current, ['raw', 'id', 'came'])).toEqual([`${data}|7|${new Date(START + 1).toISOString()}`]);
  expect((await listQuarantined(lake.ports.items)).map(w => w.code)).toEqual(['TM_2385']);
});

test('record.own: a member of the name waits, unless it has a column of its own or others are left out', async () => {
  const table = (more: TableConfig): TableConfig => ({
    mode: 'append',
    from: 'events',
    columns: { said_at: 'string', n: 'bigint' },
    record: { arrivedAt: 'timestamp', text: 'raw' },
    ...more,
  });
  const text = '{"Timestamp":"noon","n":1}';
  for (const [more, wanted] of [
    [{}, []],
    [{ others: 'omit' as const }, ['null|1']],
    [{ aliases: { said_at: ['timestamp'] } }, ['noon|1']],
  ] as const) {
    const lake = anyLake({ t: table(more as TableConfig) });
    await deliver(lake, [text]);
    await take(lake, 't.jsonl', `${text}\n`, { table: 't' });
    const { current } = await rowsOf(lake, 't');
    expect(shown(current, ['said_at', 'n'])).toEqual([...wanted, ...wanted]);
    const codes = (await listQuarantined(lake.ports.items)).map(w => w.code);
    expect(codes).toEqual(wanted.length > 0 ? [] : ['TM_2188', 'TM_2188']);
  }
});
