import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { folder, json, type Ran, tidemark } from './terminal';

const TABLES = `{
  logins: { key: ['id'], columns: { id: 'bigint', who: 'string' }, freshness: '50 milliseconds' },
  audits: { from: 'hr.audits', key: ['id'], columns: { id: 'bigint' }, freshness: '1 hour' },
}`;

interface Listener {
  readonly cwd: string;
  readonly url: string;
  readonly stop: () => Promise<Ran>;
}

async function listening(
  sources = `{ events: { kind: 'http', tables: ['logins', 'hr.audits'], bodyBytesMax: 1000 } }`,
): Promise<Listener> {
  const cwd = folder();
  const config = `export default { name: 'web', sources: ${sources}, tables: ${TABLES} };`;
  writeFileSync(join(cwd, 'tidemark.config.mjs'), config);
  const stop = new AbortController();
  let out = '';
  const args = ['listen', '--port', '0'];
  const ran = tidemark(cwd, args, { stop: stop.signal, onOut: text => (out = text) });
  while (!out.endsWith('\n')) await new Promise(resolve => setTimeout(resolve, 5));
  return {
    cwd,
    url: out.trim(),
    stop: () => {
      stop.abort();
      return ran;
    },
  };
}

async function post({ url }: Listener, path: string, body: string, type = 'application/json') {
  const answer = await fetch(`${url}${path}`, { method: 'POST', body, headers: { 'content-type': type } });
  const said = (await answer.json()) as {
    accepted: number;
    ids: (string | null)[];
    error?: { code: string };
  };
  return { status: answer.status, ...said };
}

const rows = async (cwd: string, sql: string) =>
  json(await tidemark(cwd, ['query', sql, '--output', 'json']));

test('listen.taken in, merged as fresh as declared, and at the stop', async () => {
  const at = await listening();
  const one = await post(at, '/events/logins', '{"id": 12345678901234567, "who": "ann"}');
  expect(one).toMatchObject({ status: 202, accepted: 1 });
  const batch = await post(at, '/events/hr.audits?x=1', '[{"id":1},{"id":2},\n{"id":3}]');
  expect(batch).toMatchObject({ status: 202, accepted: 3 });
  expect(new Set([...one.ids, ...batch.ids]).size).toBe(4);
  const ran = await at.stop();
  expect(ran).toMatchObject({ code: 0, err: expect.stringContaining('stopped after 4 events') });
  expect(await rows(at.cwd, 'select id, who from logins')).toEqual([{ id: '12345678901234567', who: 'ann' }]);
  expect(await rows(at.cwd, 'select id from audits order by id')).toEqual([
    { id: '1' },
    { id: '2' },
    { id: '3' },
  ]);
});

test('listen.bad requests are answered with their code, and the rest goes on', async () => {
  const at = await listening();
  const codes = [
    await post(at, '/events/logins', '{"id":'),
    await post(at, '/events/logins', '[{"id":1}, 2]'),
    await post(at, '/events/nobodys', '{"id":1}'),
    await post(at, '/', '{"id":1}'),
    await post(at, '/events/logins', `{"id":1,"who":"${'x'.repeat(1000)}"}`),
    await post(at, '/events/logins', 'id=1', 'application/x-www-form-urlencoded'),
    await post(at, '/events/logins', '{"id":"none"}'),
    await post(at, '/events/logins', '{"id":2}'),
  ].map(({ status, error, accepted }) => [status, error?.code, accepted]);
  expect(codes).toEqual([
    [400, 'TM_2371', 0],
    [400, 'TM_2372', 0],
    [404, 'TM_2373', 0],
    [404, 'TM_2375', 0],
    [413, 'TM_2374', 0],
    [415, 'TM_2378', 0],
    // It is durable: in quarantine, with its reason.
    [202, undefined, 1],
    [202, undefined, 1],
  ]);
  const zipped = await fetch(`${at.url}/events/logins`, {
    method: 'POST',
    body: gzipSync('{"id":3}'),
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  });
  expect([zipped.status, await zipped.json()]).toMatchObject([415, { error: { code: 'TM_2380' } }]);
  const got = await fetch(`${at.url}/events/logins`);
  expect(got.status).toBe(405);
  const ran = await at.stop();
  expect(ran.err).toMatch(/stopped after 2 events, 1 of them in quarantine: tidemark quarantine list\n$/);
  expect(await rows(at.cwd, 'select id from logins')).toEqual([{ id: '2' }]);
  const waits = json(await tidemark(at.cwd, ['quarantine', 'list', '--output', 'json']));
  expect(waits).toMatchObject([{ table: 'logins', code: 'TM_2103' }]);
});

/** What a request to the same address is answered that calls the intake so. */
function calledSo({ url }: Listener, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { host, 'content-type': 'application/json' };
    const { port } = new URL(url);
    const asked = request({ port, host: '127.0.0.1', path: '/events/logins', method: 'POST', headers });
    asked.on('response', answer => resolve(answer.resume().statusCode)).on('error', reject);
    asked.end('{"id":1}');
  });
}

test('listen.rebinding: a page whose own name was led to this machine may not post', async () => {
  const at = await listening();
  const { port } = new URL(at.url);
  const own = [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, 'shop.localhost'];
  const others = [`evil.example:${port}`, 'evil.example', '127.0.0.1.evil.example', 'localhost.evil'];
  const said = new Map<string, number | undefined>();
  for (const host of [...own, ...others]) said.set(host, await calledSo(at, host));
  await at.stop();
  expect(own.map(host => said.get(host))).toEqual([202, 202, 202, 202]);
  expect(others.map(host => said.get(host))).toEqual([403, 403, 403, 403]);
});

test('listen.news: its first lines say when events are in their table, and a line a minute what came', async () => {
  const spied = jest.spyOn(global, 'setInterval');
  const at = await listening();
  const minutely = spied.mock.calls.find(([, ms]) => ms === 60_000)![0] as () => void;
  spied.mockRestore();
  minutely();
  await post(at, '/events/logins', '[{"id":1},{"id":"none"},{"id":2}]');
  await new Promise(resolve => setTimeout(resolve, 500));
  minutely();
  minutely();
  const { err } = await at.stop();
  expect(err).toContain(
    'answered 202, its rows are queried after the next merge\nmerged within: 50 ms to 60 min;',
  );
  expect(err.match(/taken in/g)).toHaveLength(1);
  expect(err).toContain('3 events taken in, 2 rows merged, 1 in quarantine\n');
});

test('listen.without an http source, or several', async () => {
  const cwd = folder();
  const config = (sources: string) =>
    writeFileSync(
      join(cwd, 'tidemark.config.mjs'),
      `export default { name: 'web', sources: ${sources}, tables: ${TABLES} };`,
    );
  config('{}');
  expect((await tidemark(cwd, ['listen', '--port', '0'])).err).toContain('TM_7077');
  config(`{ a: { kind: 'http' }, b: { kind: 'http' } }`);
  expect((await tidemark(cwd, ['listen', '--port', '0'])).err).toContain('--source: a, b');
  expect((await tidemark(cwd, ['listen', '--port', 'x'])).code).toBe(2);
});
