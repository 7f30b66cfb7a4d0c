import fc from 'fast-check';
import { fixedClock } from '../../../lib/adapters/memory/clock';
import { seededIds } from '../../../lib/adapters/memory/ids';
import type { StreamPut } from '../../../lib/ports/change-stream';
import { RecordsRefused, recordRefused } from '../../../lib/ports/errors';
import { EVENTS_MAX, eventsOf } from '../../../lib/stages/intake/events';
import { intake } from '../../../lib/stages/intake/intake';
import { testLake } from '../../support/lake';

const { lake } = testLake({
  name: 'web',
  tables: {
    logins: { mode: 'append' },
    audits: { mode: 'append', from: 'hr.audits' },
    users: { key: ['id'] },
    clicks: { mode: 'append', from: 'both', where: { kind: 'click' }, columns: { kind: 'string' } },
    last_seen: { key: ['id'], from: 'both' },
  },
  sources: { events: { kind: 'http' } },
});

interface Posted {
  readonly body: string | Uint8Array;
  readonly path?: string;
  readonly put?: (records: readonly StreamPut[]) => Promise<void>;
  readonly putMsMax?: number;
  readonly contentType?: string;
  readonly tables?: string[];
}

async function post(posted: Posted) {
  const { body, path = '/events/logins', contentType = 'application/json', put, putMsMax = 1000 } = posted;
  const source = { bodyBytesMax: 10_000_000, ...(posted.tables ? { tables: posted.tables } : {}) };
  const records: StreamPut[] = [];
  const failures: unknown[] = [];
  const clock = fixedClock(Date.UTC(2026, 0, 1));
  const stream = {
    put: async (some: readonly StreamPut[]) => {
      clock.advance(10);
      await put?.(some);
      records.push(...some);
    },
  };
  const answer = await intake(
    { stream, clock, ids: seededIds(1) },
    lake,
    { method: 'POST', path, contentType, body: Buffer.from(body) },
    { source, putMsMax, onFailure: error => failures.push(error) },
  );
  return { ...answer, records, failures };
}

const many = (n: number) => JSON.stringify(Array.from({ length: n }, (_, i) => ({ id: i })));

test('intake.envelope: the text that came, keyed by its id', async () => {
  const { status, body, records } = await post({ body: ' {"n": 1.10, "big": 9007199254740993} ' });
  expect(status).toBe(202);
  const [record] = records;
  expect(record!.key).toBe(body.ids[0]);
  expect(Buffer.from(record!.data).toString()).toBe(
    `{"tidemark":"event","id":"${record!.key}","table":"logins","received_at":"2026-01-01T00:00:00.000Z",` +
      '"data":{"n": 1.10, "big": 9007199254740993}}',
  );
});

test('intake.events: an array is cut where its elements end, whatever their strings hold', () => {
  const values = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(values, fc.constantFrom(undefined, 1, '\t'), (events, space) => {
      const texts = eventsOf(Buffer.from(JSON.stringify(events, null, space)), 'here');
      expect(texts.map(text => JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(events)));
    }),
  );
});

test.each<[string, string | Uint8Array, number, string]>([
  ['no JSON', '{', 400, 'is no JSON'],
  ['nothing', ' ', 400, 'is empty'],
  ['a text', '"x"', 400, 'event 0 is no JSON object'],
  ['an array within', '[{},[]]', 400, 'event 1 is no JSON object'],
  ['null', '[{},{},null]', 400, 'event 2 is no JSON object'],
  ['no event', '[]', 400, 'holds no event'],
  ['not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), 400, 'is not UTF-8'],
  ['too many', many(EVENTS_MAX + 1), 413, `more than ${EVENTS_MAX}`],
  ['an event too large', `[{}, {"x":"${'x'.repeat(1 << 20)}"}]`, 413, 'event 1 has'],
  ['too many bytes', `{"x":"${'x'.repeat(10_000_000)}"}`, 413, 'the body has'],
])('intake.refused whole: %s', async (_, body, status, why) => {
  const answer = await post({ body });
  expect(answer).toMatchObject({ status, records: [], body: { accepted: 0, ids: [] } });
  expect(answer.body.error?.message).toContain(why);
});

test.each([
  ['/events/logins', 202],
  ['/events/hr.audits', 202],
  ['/events/audits', 404],
  ['/events/other.logins', 202],
  ['/events/%E0%A4%A', 404],
  ['/events/', 404],
  ['/events/logins/more', 404],
])('intake.path %s: %i', async (path, status) =>
  expect((await post({ body: '{}', path })).status).toBe(status),
);

test.each([
  ['/events/users', undefined, 404],
  // One of the two tables that take it has a key.
  ['/events/both', undefined, 404],
  ['/events/users', ['users', 'both'], 202],
  ['/events/both', ['users', 'both'], 202],
  ['/events/logins', ['users'], 404],
  ['/events/hr.audits', ['hr.audits'], 202],
  ['/events/nobodys', ['nobodys'], 404],
])('intake.tables %s of %j: %i', async (path, tables, status) => {
  const answer = await post({ body: '{}', path, ...(tables ? { tables } : {}) });
  expect([answer.status, answer.records.length]).toEqual([status, status === 202 ? 1 : 0]);
});

test.each([
  ['application/json', 202],
  ['Application/JSON ; charset=utf-8', 202],
  ['application/vnd.shop+json', 202],
  // A browser sends these to any site, for any page.
  ['text/plain; json', 415],
  ['text/plain;a=json', 415],
  ['text/plain, application/json', 415],
  ['application/x-www-form-urlencoded; json', 415],
  ['application/jsonp', 415],
  ['', 415],
])('intake.type %j: %i', async (contentType, status) =>
  expect((await post({ body: '{}', contentType })).status).toBe(status),
);

test('intake.throttled: the answer says which events the stream has', async () => {
  const refuse = async (records: readonly StreamPut[]) => {
    const odd = records.filter((_, i) => i % 2 === 1).map(({ key }) => key);
    if (records.length < 500) throw new RecordsRefused(recordRefused('k', 'was refused'), odd);
  };
  const { status, headers, body, failures } = await post({ body: many(504), put: refuse });
  expect([status, body.accepted, body.error?.code]).toEqual([429, 502, 'TM_2376']);
  expect(headers['retry-after']).toBe('1');
  expect(body.ids.slice(499).map(id => id !== null)).toEqual([true, true, false, true, false]);
  expect(failures).toHaveLength(1);
});

test('intake.unavailable: nothing is said to be in that may not be', async () => {
  let calls = 0;
  const put = async () => {
    if (++calls === 2) throw new Error('the connection was lost');
  };
  const { status, body } = await post({ body: many(1200), put });
  expect([status, body.accepted, body.ids.length]).toEqual([503, 500, 1200]);
  expect(body.error?.message).not.toContain('connection');
});

test('intake.slow: no further part is begun once the time is over', async () => {
  const { status, body, records } = await post({ body: many(1200), putMsMax: 15 });
  expect([status, body.accepted, records.length]).toEqual([503, 1000, 1000]);
});
