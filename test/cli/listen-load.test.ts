import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { folder, json, tidemark } from './terminal';

const REQUESTS = 10_000;
const AT_ONCE = 200;
const CONFIG = `export default {
  name: 'web',
  sources: { events: { kind: 'http' } },
  tables: { visits: { mode: 'append', from: 'visits', columns: { n: 'bigint' }, freshness: '1 second' } },
};`;

function post(agent: Agent, url: string, n: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/events/visits`,
      { agent, method: 'POST', headers: { 'content-type': 'application/json' } },
      response => {
        response.resume();
        response.once('end', () => resolve(response.statusCode!));
      },
    );
    sent.once('error', reject);
    sent.end(JSON.stringify({ n }));
  });
}

test(`listen.load: ${REQUESTS} requests, ${AT_ONCE} at once, all answered and counted once`, async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'tidemark.config.mjs'), CONFIG);
  const stop = new AbortController();
  let out = '';
  const ran = tidemark(cwd, ['listen', '--port', '0'], { stop: stop.signal, onOut: text => (out = text) });
  while (!out.endsWith('\n')) await new Promise(resolve => setTimeout(resolve, 5));
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const statuses = new Map<number, number>();
  let next = 0;
  const poster = async () => {
    while (next < REQUESTS) {
      const status = await post(agent, out.trim(), next++);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, poster));
  agent.destroy();
  expect([...statuses]).toEqual([[202, REQUESTS]]);
  stop.abort();
  expect(await ran).toMatchObject({ code: 0, err: expect.stringContaining('stopped after 10,000 events') });
  const sql = 'select count(*) as rows, count(distinct n) as events, max(n) as last from visits';
  expect(json(await tidemark(cwd, ['query', sql, '--output', 'json']))).toEqual([
    { rows: String(REQUESTS), events: String(REQUESTS), last: String(REQUESTS - 1) },
  ]);
}, 120_000);
