import './quiet';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { takeEvents } from '../../lambdas/intake/handler';
import { fixedClock } from '../../lib/adapters/memory/clock';
import { seededIds } from '../../lib/adapters/memory/ids';
import type { StreamPut } from '../../lib/ports/change-stream';
import { testLake } from '../support/lake';

const { lake } = testLake({
  name: 'web',
  tables: { logins: { key: ['id'] } },
  sources: { events: { kind: 'http' } },
});

/** As an HTTP API writes it (payload format 2.0). */
const eventOf = (body: string, isBase64Encoded = false) =>
  ({
    version: '2.0',
    routeKey: 'POST /events/{table}',
    rawPath: '/events/logins',
    headers: { 'content-type': 'application/json' },
    requestContext: { http: { method: 'POST', path: '/events/logins' } },
    body,
    isBase64Encoded,
  }) as unknown as APIGatewayProxyEventV2;

function handlerOver(put: (records: readonly StreamPut[]) => Promise<void>) {
  const ports = { stream: { put }, clock: fixedClock(Date.UTC(2026, 0, 1)), ids: seededIds(1) };
  return takeEvents({ config: lake, ports, source: { bodyBytesMax: 1000, tables: ['logins'] } });
}

test.each([
  ['{"id":1,"who":"ä"}', false],
  [Buffer.from('{"id":1,"who":"ä"}').toString('base64'), true],
])('intake.function: %s', async (body, encoded) => {
  const put: StreamPut[] = [];
  const handler = handlerOver(async records => void put.push(...records));
  const answer = await handler(eventOf(body, encoded));
  expect(answer.statusCode).toBe(202);
  expect(JSON.parse(answer.body!)).toEqual({ accepted: 1, ids: [put[0]!.key] });
  expect(JSON.parse(Buffer.from(put[0]!.data).toString()).data).toEqual({ id: 1, who: 'ä' });
});

test('intake.function: a stream that does not take them', async () => {
  const handler = handlerOver(async () => {
    throw new Error('secret words of a row');
  });
  const answer = await handler(eventOf('{"id":1}'));
  expect(answer).toMatchObject({
    statusCode: 503,
    headers: { 'content-type': 'application/json', 'retry-after': '1' },
  });
  expect(answer.body).not.toContain('secret');
});
