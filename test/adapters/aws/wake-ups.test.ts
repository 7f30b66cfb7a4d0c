import type { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { sqsWakeUps } from '../../../lib/adapters/aws/wake-ups';
import { fixedClock } from '../../../lib/adapters/memory/clock';
import { queues } from '../../lambdas/fifo-queue';

const WINDOW = 15_000;
const URLS = { merge: 'merge', report: 'report', ingest: 'ingest' };

function wakeUps(start = 0) {
  const clock = fixedClock(start);
  const { client, sent } = queues(clock, WINDOW);
  return {
    clock,
    sent,
    wake: sqsWakeUps(client, { queues: URLS, landing: 'land', windowMs: WINDOW, clock }),
  };
}

test('wakeUps.window: any number of files in a window are one message', async () => {
  const { clock, sent, wake } = wakeUps(WINDOW * 1000);
  for (let i = 0; i < 100; i++) {
    await wake.merge('orders');
    clock.advance(WINDOW / 100);
  }
  await wake.merge('users');
  expect(sent.map(({ group, id, body }) => [group, id, body])).toEqual([
    ['orders', 'orders#1000', '{"table":"orders"}'],
    ['users', 'users#1001', '{"table":"users"}'],
  ]);
});

/** Sends wake-ups after transactions at the given times, each some time on its way; whether each is delivered after. */
async function allDelivered(
  sends: readonly (readonly [number, number])[],
  delayMs: number,
): Promise<boolean> {
  const clock = fixedClock();
  const queue = queues(clock, delayMs);
  const onTheirWay: { command: SendMessageCommand; at: number }[] = [];
  const client = {
    send: async (command: SendMessageCommand) => onTheirWay.push({ command, at: clock.now() }),
  } as unknown as SQSClient;
  const wake = sqsWakeUps(client, { queues: URLS, landing: 'land', windowMs: WINDOW, clock });
  for (const [i, [committed, way]] of sends.entries()) {
    clock.set(committed);
    await wake.merge('orders');
    onTheirWay[i]!.at += way;
  }
  for (const { command, at } of onTheirWay.sort((a, b) => a.at - b.at)) {
    clock.set(at);
    await queue.client.send(command);
  }
  return sends.every(([committed]) => queue.sent.some(({ from }) => from >= committed));
}

test('wakeUps.delivery: after every transaction there is a delivery to come, however sends are spread', async () => {
  const time = fc.integer({ min: 10 ** 9, max: 10 ** 9 + 8 * WINDOW });
  const sends = fc.array(fc.tuple(time, fc.integer({ min: 0, max: 20_000 })), { maxLength: 30 });
  await fc.assert(fc.asyncProperty(sends, sends => allDelivered(sends, WINDOW)));
});

test('wakeUps.delay: a queue that delays by less than a window loses some', async () => {
  const inOneWindow = [
    [WINDOW, 0],
    [2 * WINDOW - 1, 0],
  ] as const;
  expect(await allDelivered(inOneWindow, WINDOW)).toBe(true);
  expect(await allDelivered(inOneWindow, WINDOW - 2)).toBe(false);
});

test('wakeUps.again: a second message differs from the one it answers', async () => {
  const { sent, wake } = wakeUps();
  const longest = 'a'.repeat(100);
  await wake.merge(longest);
  await wake.mergeAgain(longest, { through: 7, id: 2n ** 63n - 1n });
  await wake.mergeAgain(longest, { through: 8, id: 2n ** 63n - 1n });
  await wake.mergeAgain(longest, { through: Number.MAX_SAFE_INTEGER, id: 1n });
  expect(new Set(sent.map(({ id }) => id)).size).toBe(4);
  for (const { id } of sent) expect(id!.length).toBeLessThanOrEqual(128);
});

test('wakeUps.report: a date is looked at once a minute, dates and reports apart', async () => {
  const { clock, sent, wake } = wakeUps();
  for (const date of ['2024-01-01', '2024-01-01', '2024-01-02']) await wake.report('daily', date);
  clock.advance(60_000);
  await wake.report('daily', '2024-01-01');
  expect(sent.map(({ group, id }) => [group, id])).toEqual([
    ['daily', 'daily#2024-01-01#0'],
    ['daily', 'daily#2024-01-02#0'],
    ['daily', 'daily#2024-01-01#1'],
  ]);
});
