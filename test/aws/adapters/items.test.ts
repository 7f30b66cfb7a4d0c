import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { dynamoItems } from '../../../lib/adapters/aws/items';
import type { Items } from '../../../lib/ports/items';
import { itemsContract } from '../../contracts/items.contract';
import { DYNAMODB, standIn } from '../endpoints';
import { type Fault, refusal, reset, withFaults } from './faults';

// The last tries of those that give up would wait for seconds.
jest.mock('../../../lib/adapters/aws/backoff', () => {
  const { pause } = jest.requireActual('../../../lib/adapters/aws/backoff');
  return { pause: (attempt: number) => pause(Math.min(attempt, 2)) };
});

const clients: DynamoDBClient[] = [];
function newClient(maxAttempts = 3): DynamoDBClient {
  const client = new DynamoDBClient({ ...standIn(DYNAMODB), maxAttempts });
  clients.push(client);
  return client;
}
const client = newClient();
afterAll(() => {
  for (const each of clients) each.destroy();
});

async function freshTable(): Promise<string> {
  const name = `stores-${randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['partition', 'sort'].map(AttributeName => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: [
        { AttributeName: 'partition', KeyType: 'HASH' },
        { AttributeName: 'sort', KeyType: 'RANGE' },
      ],
    }),
  );
  return name;
}

itemsContract('DynamoDB', async () => dynamoItems(client, await freshTable()), 10);

/** Items over a client whose requests meet faults, and the same items over one whose requests do not. */
async function faulty(plan: (command: string, nth: number) => Fault, maxAttempts = 3) {
  const table = await freshTable();
  const broken = newClient(maxAttempts);
  const calls = withFaults(broken, plan);
  return { items: dynamoItems(broken, table), sound: dynamoItems(client, table), calls };
}

const at = { partition: 'p', sort: 's' };
const cancelled = (...codes: string[]) =>
  Object.assign(refusal('TransactionCanceledException', 400), {
    CancellationReasons: codes.map(Code => ({ Code })),
  });

describe('lost answers', () => {
  test.each([1, 3])('transact.is applied once (%d tries of the SDK)', async attempts => {
    const { items, sound } = await faulty(
      (command, nth) => (command === 'TransactWriteItems' && nth === 1 ? 'lost' : 'none'),
      attempts,
    );
    const other = { partition: 'p', sort: 'other' };
    expect(
      await items.transact([
        { put: at, value: { n: 1 }, if: 'absent' },
        { put: other, value: {} },
      ]),
    ).toEqual({ done: true });
    expect((await sound.get(at))?.version).toBe(1);
    expect((await sound.get(other))?.version).toBe(1);
  });

  test('transact.another try of the caller is another transaction', async () => {
    const { items, sound, calls } = await faulty(
      (_, nth) => (nth <= 10 ? (nth === 1 ? 'lost' : reset()) : 'none'),
      1,
    );
    await expect(items.transact([{ put: at, value: {}, if: 'absent' }])).rejects.toThrow('TM_5205');
    expect(calls.get('TransactWriteItems')).toBe(10);
    expect(await items.transact([{ put: at, value: {}, if: 'absent' }])).toEqual({
      done: false,
      blocked: [0],
    });
    expect((await sound.get(at))?.version).toBe(1);
  });
});

describe('contention', () => {
  test.each([
    ['a conflict', cancelled('TransactionConflict')],
    ['throttling', cancelled('ThrottlingError')],
    ['a conflict beside a condition', cancelled('ConditionalCheckFailed', 'TransactionConflict')],
    ['throttling of the call', refusal('ThrottlingException', 400)],
    ['the same token under way', refusal('TransactionInProgressException', 400)],
    ['a failure of the service', refusal('InternalServerError', 500)],
  ])('transact.after %s it is tried again', async (_, error) => {
    const { items, sound, calls } = await faulty((_command, nth) => (nth < 3 ? error : 'none'), 1);
    expect(await items.transact([{ put: at, value: { n: 1 }, if: 'absent' }])).toEqual({ done: true });
    expect((await sound.get(at))?.value).toEqual({ n: 1 });
    expect(calls.get('TransactWriteItems')).toBe(3);
  });

  test('transact.blocked only by an item that contradicts the condition', async () => {
    const { items } = await faulty((_, nth) => (nth === 1 ? cancelled('ConditionalCheckFailed') : 'none'), 1);
    expect(await items.transact([{ put: at, value: {}, if: 'absent' }])).toEqual({ done: true });
  });

  test('transact.gives up after a finite number of tries', async () => {
    const { items, calls } = await faulty(() => cancelled('TransactionConflict'), 1);
    await expect(items.transact([{ put: at, value: {} }])).rejects.toThrow('TM_5205');
    expect(calls.get('TransactWriteItems')).toBe(10);
  });

  test('transact.any other reason is no matter of trying again', async () => {
    const { items, calls } = await faulty(() => cancelled('ValidationError'), 1);
    await expect(items.transact([{ put: at, value: {} }])).rejects.toThrow('TM_5201');
    const denied = await faulty(() => refusal('AccessDeniedException', 400), 1);
    await expect(denied.items.transact([{ put: at, value: {} }])).rejects.toThrow('TM_5203');
    expect(calls.get('TransactWriteItems')).toBe(1);
  });

  test('transact.20 counters at once lose no count', async () => {
    const items = dynamoItems(client, await freshTable());
    const raise = async (): Promise<void> => {
      for (;;) {
        const item = await items.get(at);
        const n = (item?.value.n as number | undefined) ?? 0;
        if ((await items.transact([{ put: at, value: { n: n + 1 }, if: item?.version ?? 'absent' }])).done)
          return;
      }
    };
    await Promise.all(Array.from({ length: 20 }, raise));
    expect(await items.get(at)).toEqual({ ...at, version: 20, value: { n: 20 } });
  });

  test('put.without a condition counts versions under others', async () => {
    const items = dynamoItems(client, await freshTable());
    await Promise.all(Array.from({ length: 20 }, (_, n) => items.transact([{ put: at, value: { n } }])));
    expect((await items.get(at))?.version).toBe(20);
  });
});

describe('query', () => {
  test('pages.are read to their end, or to the limit', async () => {
    const items: Items = dynamoItems(client, await freshTable());
    // 1 MB a page: four items of 300 KB do not fit.
    const sorts = Array.from({ length: 8 }, (_, i) => `s${i}`);
    for (const sort of sorts) {
      await items.transact([{ put: { partition: 'p', sort }, value: { s: 'x'.repeat(300_000) } }]);
    }
    const found = async (options?: { limit?: number; reverse?: boolean; after?: string }) =>
      (await items.query('p', 's', options)).map(item => item.sort);
    expect(await found()).toEqual(sorts);
    expect(await found({ limit: 5 })).toEqual(sorts.slice(0, 5));
    expect(await found({ limit: 5, reverse: true, after: 's7' })).toEqual(sorts.slice(2, 7).reverse());
  });
});

test('layout.is a partition, a sort key, a version and JSON', async () => {
  const table = await freshTable();
  await dynamoItems(client, table).transact([{ put: at, value: { n: 1e300, s: '\ud800' } }]);
  expect((await client.send(new ScanCommand({ TableName: table }))).Items).toEqual([
    {
      partition: { S: 'p' },
      sort: { S: 's' },
      version: { N: '1' },
      value: { S: '{"n":1e+300,"s":"\\ud800"}' },
    },
  ]);
});

test('table.that is missing says so', async () => {
  const items = dynamoItems(client, `none-${randomUUID()}`);
  const missing = (work: Promise<unknown>) => expect(work).rejects.toThrow('TM_5206');
  await missing(items.get(at));
  await missing(items.query('p', ''));
  await missing(items.transact([{ put: at, value: {} }]));
});
