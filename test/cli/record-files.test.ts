import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { announcement, singleObject } from '../support/avro';
import { folder, json, tidemark } from './terminal';

const CONFIG = `export default { name: 'shop', tables: {
  orders: { key: ['id'], columns: { id: 'bigint', a: 'int', b: 'string' } },
  lines: { key: ['id'], columns: { id: 'bigint', a: 'int', b: 'string' } },
  plain: { key: ['id'], columns: { id: 'bigint', a: 'int', b: 'string' }, from: 'web' },
}, sources: { web: { kind: 'kinesis', format: 'json' } } };`;

const EVENT = { aws_request_id: 'r', version: '1', event_date: '2024-07-29T00:59:07Z', uuid: 'u' };
const event = (id: number, a: unknown, { type = 'create', source = 'orders' } = {}) =>
  JSON.stringify({ source, type, data: { id, a, b: 'event' }, ...EVENT });
const change = (id: number, pos: number, { op = 'c', table = 'orders', a = id as unknown } = {}) =>
  JSON.stringify({
    before: op === 'd' ? { id, a: null, b: null } : null,
    after: op === 'd' ? null : { id, a, b: 'binlog' },
    source: { db: 's', table, ts_ms: 1722214747678, file: 'bin.000002', pos, row: 1 },
    op,
  });

let cwd: string;
beforeEach(() => {
  cwd = folder();
  writeFileSync(join(cwd, 'tidemark.config.mjs'), CONFIG);
});

const write = (name: string, ...lines: string[]) => writeFileSync(join(cwd, name), `${lines.join('\n')}\n`);
const rows = async (table = 'orders') => {
  const ran = await tidemark(cwd, ['query', `select id, a, b from ${table} order by id`, '--output', 'csv']);
  return ran.out.trim().split(/\r?\n/).slice(1);
};

test('records.file: its records go to the tables that they name, and the same bytes again change nothing', async () => {
  write(
    'changes.jsonl',
    change(1, 10),
    change(2, 20, { table: 'lines' }),
    '',
    change(1, 30, { op: 'u', a: 9 }),
  );
  const ran = await tidemark(cwd, ['ingest', '--format', 'debezium', 'changes.jsonl']);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out.split('\n').map(line => line.split('  ').slice(0, 2))).toEqual([
    ['changes.jsonl', 'orders'],
    ['changes.jsonl', 'lines'],
    [''],
  ]);
  expect(await rows()).toEqual(['1,9,binlog']);
  expect(await rows('lines')).toEqual(['2,2,binlog']);
  // Under another name they are the same.
  write(
    'again.jsonl',
    change(1, 10),
    change(2, 20, { table: 'lines' }),
    '',
    change(1, 30, { op: 'u', a: 9 }),
  );
  const again = json(
    await tidemark(cwd, ['ingest', '--format', 'debezium', 'again.jsonl', '--output', 'json']),
  );
  expect(again.map(({ table, outcome, rows: n }) => [table, outcome, n])).toEqual([
    ['orders', 'seen', 0],
    ['lines', 'seen', 0],
  ]);
  const trace = await tidemark(cwd, ['trace', 'changes.jsonl']);
  expect(trace.out.match(/changes\.jsonl\n\s*delta 1 > snapshot/g)).toHaveLength(2);
});

test('records.stdin: what a pipe brings, in pieces; the same input is seen, and nothing of it is left behind', async () => {
  const stdin = `${event(1, 1)}\r\n${event(2, 2)}\n${event(1, 5, { type: 'update' })}`;
  const args = ['ingest', '--format', 'service-event', '-', '--output', 'json'];
  expect(json(await tidemark(cwd, args, { stdin }))).toMatchObject([
    { file: 'stdin', table: 'orders', outcome: 'taken-in', rows: 3, new: 2 },
  ]);
  expect(json(await tidemark(cwd, args, { stdin }))).toMatchObject([{ outcome: 'seen', rows: 0 }]);
  expect(await rows()).toEqual(['1,5,event', '2,2,event']);
  expect(readdirSync(join(cwd, 'lake/.tmp/records'))).toEqual([]);
  const again = json(await tidemark(cwd, [...args, '--again'], { stdin }));
  expect(again).toMatchObject([{ outcome: 'taken-in', rows: 3 }]);
  expect(await rows()).toEqual(['1,5,event', '2,2,event']);
});

test('records.order: a later file of a source stands behind an earlier one', async () => {
  for (const a of [1, 2, 3]) {
    write(`${a}.jsonl`, event(1, a, { type: 'update' }), event(2, -a, { type: 'update' }));
    await tidemark(cwd, ['ingest', '--format', 'service-event', `${a}.jsonl`]);
  }
  expect(await rows()).toEqual(['1,3,event', '2,-3,event']);
});

test('records.bad: a bad line waits with its number and reason, the others come in, and a replay takes it', async () => {
  write(
    'events.jsonl',
    event(1, 1),
    'no json',
    '',
    event(2, 'many'),
    event(3, 3, { source: 'nobody' }),
    event(4, 4),
  );
  const ran = await tidemark(cwd, ['ingest', '--format', 'service-event', 'events.jsonl']);
  expect(ran.code).toBe(3);
  expect(ran.out).toContain('tidemark quarantine show events.jsonl');
  expect(await rows()).toEqual(['1,1,event', '4,4,event']);
  const listed = json(await tidemark(cwd, ['quarantine', 'list', '--output', 'json']));
  expect(listed.map(({ table, bad_rows, code }) => [table, bad_rows, code]).sort()).toEqual([
    [null, 2, 'TM_2112'],
    ['orders', 1, 'TM_2103'],
  ]);
  expect(listed.every(({ file }) => String(file).endsWith('/events.jsonl'))).toBe(true);
  const shown = await tidemark(cwd, ['quarantine', 'show', 'events.jsonl', '--output', 'csv']);
  const lines = shown.out.split('\n').filter(line => /^\d/.test(line));
  expect(lines.map(line => line.split(',')[0]).sort()).toEqual(['2', '4', '5']);
  writeFileSync(
    join(cwd, 'tidemark.config.mjs'),
    CONFIG.replace(
      '  plain:',
      "  nobody: { key: ['id'], columns: { id: 'bigint', a: 'int', b: 'string' } },\n  plain:",
    ),
  );
  expect((await tidemark(cwd, ['replay', 'events.jsonl'])).code).toBe(3);
  expect(await rows('nobody')).toEqual(['3,3,event']);
  // The file again: it was dealt with, and what waits, waits once.
  expect((await tidemark(cwd, ['ingest', '--format', 'service-event', 'events.jsonl'])).code).toBe(0);
  expect(json(await tidemark(cwd, ['quarantine', 'list', '--output', 'json']))).toHaveLength(2);
});

test('records.json: plain events go to the table of their source, or to the one that is named', async () => {
  write('a.jsonl', '{"id":1,"a":1,"b":"web"}', '{"id":2,"a":2,"b":"web"}');
  write('b.jsonl', '{"id":3,"a":3,"b":"own"}');
  expect((await tidemark(cwd, ['ingest', '--source', 'web', 'a.jsonl'])).code).toBe(0);
  expect((await tidemark(cwd, ['ingest', '--format', 'json', '--table', 'plain', 'b.jsonl'])).code).toBe(0);
  expect(await rows('plain')).toEqual(['1,1,web', '2,2,web', '3,3,own']);
});

test('records.auto, gzip and a byte order mark: each record tells its format', async () => {
  const lines = [`\ufeff${event(1, 1)}`, event(2, 2), change(3, 9, { table: 'lines' })];
  writeFileSync(join(cwd, 'all.jsonl.gz'), gzipSync(lines.join('\n')));
  expect((await tidemark(cwd, ['ingest', '--format', 'auto', 'all.jsonl.gz'])).code).toBe(0);
  expect(await rows()).toEqual(['1,1,event', '2,2,event']);
  expect(await rows('lines')).toEqual(['3,3,binlog']);
});

test('records.scale: changes of a binlog and events of a clock do not mix, from file to file', async () => {
  write('a.jsonl', change(1, 10));
  write('b.jsonl', event(1, 5));
  await tidemark(cwd, ['ingest', '--format', 'auto', 'a.jsonl']);
  const ran = await tidemark(cwd, ['ingest', '--format', 'auto', 'b.jsonl']);
  expect(ran.code).toBe(3);
  expect(ran.out).toContain('TM_2327');
  expect(await rows()).toEqual(['1,1,binlog']);
});

test('records.whole: what cannot be read to its end is refused before anything of it is in, and the others go on', async () => {
  writeFileSync(join(cwd, 'long.jsonl'), `${event(1, 1)}\n${'x'.repeat(17 << 20)}\n`);
  writeFileSync(join(cwd, 'torn.jsonl.gz'), gzipSync(event(2, 2)).subarray(0, 40));
  writeFileSync(join(cwd, 'empty.jsonl'), '');
  write('good.jsonl', event(3, 3));
  const names = ['long.jsonl', 'torn.jsonl.gz', 'empty.jsonl', 'good.jsonl'];
  const ran = await tidemark(cwd, ['ingest', '--format', 'auto', ...names]);
  expect(ran.code).toBe(1);
  expect(ran.err).toMatch(/TM_2390\] line 2/);
  expect(ran.err).toMatch(/TM_2106/);
  expect(ran.out).toMatch(/empty.jsonl +no rows, nothing to do/);
  expect(await rows()).toEqual(['3,3,event']);
});

test('records.usage: what is asked for and is not there', async () => {
  write('a.jsonl', '{}');
  mkdirSync(join(cwd, 'lake'), { recursive: true });
  const said = async (...args: string[]) => {
    const { code, err } = await tidemark(cwd, ['ingest', ...args]);
    return [code, /TM_\d+/.exec(err)?.[0]];
  };
  expect(await said('--format', 'xml', 'a.jsonl')).toEqual([2, 'TM_7001']);
  expect(await said('--format', 'toString', 'a.jsonl')).toEqual([2, 'TM_7001']);
  expect(await said('--format', 'json', 'a.jsonl')).toEqual([2, 'TM_7001']);
  expect(await said('-')).toEqual([2, 'TM_7001']);
  expect(await said('--format', 'auto', '--dry-run', 'a.jsonl')).toEqual([2, 'TM_7001']);
  expect(await said('--source', 'nowhere', 'a.jsonl')).toEqual([1, 'TM_2321']);
  expect(await said('--format', 'auto', '--table', 'none', 'a.jsonl')).toEqual([1, 'TM_7002']);
});

test('records.pause: a paused table takes records in, and merges them when it goes on', async () => {
  write('a.jsonl', event(1, 1));
  write('b.jsonl', event(2, 2));
  await tidemark(cwd, ['ingest', '--format', 'service-event', 'a.jsonl']);
  await tidemark(cwd, ['pause', 'orders']);
  expect((await tidemark(cwd, ['ingest', '--format', 'service-event', 'b.jsonl'])).code).toBe(0);
  expect(await rows()).toEqual(['1,1,event']);
  expect(json(await tidemark(cwd, ['status', '--output', 'json']))[0]).toMatchObject({
    waiting_rows: 1,
    paused: true,
  });
  await tidemark(cwd, ['resume', 'orders']);
  await tidemark(cwd, ['merge']);
  expect(await rows()).toEqual(['1,1,event', '2,2,event']);
});

test('records.avro: a record a line in base64, its schema announced in JSON', async () => {
  const schema = {
    type: 'record',
    name: 'ServiceEvent',
    fields: [
      ...['source', 'type', 'event_date', 'uuid'].map(name => ({ name, type: 'string' })),
      {
        name: 'data',
        type: { type: 'record', name: 'Order', fields: ['id', 'a'].map(name => ({ name, type: 'long' })) },
      },
    ],
  };
  const of = (id: bigint) =>
    singleObject(schema, {
      ...{ source: 'orders', type: 'create', event_date: '2024-07-29T00:59:07Z', uuid: 'u' },
      data: { id, a: id },
    }).toString('base64');
  write('avro.jsonl', of(1n), announcement(schema).toString(), of(2n));
  const ran = await tidemark(cwd, ['ingest', '--format', 'avro', 'avro.jsonl']);
  expect(ran.err).toBe('');
  expect(await rows()).toEqual(['1,1,', '2,2,']);
  write('other.jsonl', of(3n));
  expect((await tidemark(cwd, ['ingest', '--format', 'avro', 'other.jsonl'])).code).toBe(0);
  expect(await rows()).toEqual(['1,1,', '2,2,', '3,3,']);
});

test('records.avro: one whose schema nobody has announced waits with its line', async () => {
  const schema = { type: 'record', name: 'Other', fields: [{ name: 'id', type: 'long' }] };
  write('held.jsonl', event(1, 1), singleObject(schema, { id: 1n }).toString('base64'));
  const ran = await tidemark(cwd, ['ingest', '--format', 'auto', 'held.jsonl']);
  expect(ran.code).toBe(3);
  expect(ran.out).toMatch(/held.jsonl {2}quarantined {2}\[TM_\d+\] line 2: /);
  const shown = await tidemark(cwd, ['quarantine', 'show', 'held.jsonl', '--output', 'csv']);
  expect(shown.out).toMatch(/^2,/m);
  expect(await rows()).toEqual(['1,1,event']);
});
