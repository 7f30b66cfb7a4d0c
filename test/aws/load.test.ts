import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { randomIds } from '../../lib/adapters/local/ids';
import { memoryStore } from '../../lib/adapters/memory/object-store';
import type { TableConfig } from '../../lib/config/define';
import { outputName } from '../../lib/config/deployed';
import { loadConfig } from '../../lib/config/load';
import { notedRecipe, openLoad, pastLoads } from '../../lib/ledger/loads';
import { countTasks } from '../../lib/ledger/task-counts';
import { listTasks } from '../../lib/ledger/tasks';
import { planGroups } from '../../lib/stages/load/groups';
import { type Recipe, type Step, scopeOf } from '../../lib/stages/load/recipe';
import { readRecipe, recipeObjectKey } from '../../lib/stages/load/recipe-object';
import type { PlanAsked } from '../../lib/stages/load/steps';
import { validateLoad } from '../../lib/stages/load/validate';
import { type OrdersCopy, putOrders } from '../support/copies';
import { readRows } from '../support/lake';
import { loadPorts, projectOf } from '../support/load-project';
import { ORDERS, ordersLake, sourceOf } from '../support/orders';
import { type DeployedLake, deployedLake, describeDeployed } from './deployed-lake';
import { CALM } from './driver/chances';
import type { Invoked } from './driver/environment';
import type { Execution } from './driver/states/executions';
import { standIn } from './endpoints';
import { copiesBucket, filesOf, portsOf } from './load-lake';
import { judge, judgeMachine } from './privilege/judge';
import { isJustified } from './privilege/justified';
import { without } from './privilege/policies';

const LEASE_MS = 61_000;
/** Trino refuses to write behind a commit that is a minute ahead of its clock, so the lake's begins in the past. */
const BEHIND_MS = -3_600_000;

describeDeployed('load', () => {
  let lake: DeployedLake;
  let copies: Awaited<ReturnType<typeof copiesBucket>>;
  let copy: OrdersCopy;
  let target: number;
  let doubled = false;
  /** What the same files give on one machine. */
  let here: { files: Awaited<ReturnType<typeof filesOf>>; sums: unknown; groups: number };

  beforeAll(async () => {
    copies = await copiesBucket();
    copy = await putOrders(copies.store);
    target = Math.floor(copy.bytes / 10) + 1;
    const table: TableConfig = { ...ORDERS, load: { ...ORDERS.load, groupBytes: target } };
    const names = ['orders', 'orders_killed', 'orders_twice', 'orders_waiting', 'orders_hurried'];
    lake = await deployedLake(
      'load',
      {
        deploy: {
          windowSeconds: 1,
          loads: { from: [`s3://${copies.bucket}/orders/`, `s3://${copies.bucket}/csv/`], workers: 3 },
        },
        tables: {
          ...Object.fromEntries(names.map(name => [name, table])),
          reloaded: {
            key: ['id'],
            columns: { id: 'bigint', a: 'bigint', b: 'string' },
            format: { header: true },
          },
          orders_wrong: { ...table, load: { ...ORDERS.load, groupBytes: 1 } },
        },
      },
      { aheadMs: BEHIND_MS, chances: { ...CALM, twiceAtOnce: () => doubled } },
    );
    here = await loadedHere();
  }, 240_000);
  afterAll(() => lake?.stop());

  const machine = () => lake.deployed.outputs[outputName(lake.name, 'LoadMachine')]!;
  const ofManifest = (table: string): PlanAsked => ({
    table,
    copy: { kind: 'manifest', at: [`s3://${copies.bucket}/${copy.summaryKey}`], table },
    replace: false,
  });
  const start = (asked: PlanAsked) =>
    lake.driver.executions.start(machine(), undefined, JSON.stringify(asked));
  const loaded = async (asked: PlanAsked): Promise<Execution> => {
    const { arn } = start(asked);
    await lake.driver.settle();
    return lake.driver.executions.ended(arn);
  };
  /** By its recipe object: of the load under way, else of the last. */
  const recipeOf = async (name: string): Promise<Recipe> => {
    const { items, store } = portsOf(lake);
    const config = await loadConfig(lake.config);
    const table = config.tables.find(one => one.name === name)!;
    const load = (await openLoad(items, name))?.load ?? (await pastLoads(items, name, 1))[0]!;
    const id = (await notedRecipe(items, load.id))!;
    return readRecipe(store, table, recipeObjectKey({ table, load, id }));
  };
  const inProgress = async (name: string, step: Step): Promise<void> => {
    const { items } = portsOf(lake);
    for (;;) {
      const load = (await openLoad(items, name))?.load;
      const id = load && (await notedRecipe(items, load.id));
      if (load && id && (await countTasks(items, scopeOf({ load, id }, step))).in_progress > 0) return;
      await sleep(5);
    }
  };

  async function loadedHere(): Promise<typeof here> {
    const { lake: local, copy: ours } = await ordersLake();
    // Names of the same length, or the parts' bytes differ by them.
    const ports = { ...loadPorts(local), ids: randomIds() };
    const done = await projectOf(local, sourceOf(local, ours), 'orders', { ports }).run();
    const { partitions, all } = done.validation!;
    const groups = planGroups(ours.files, target).length;
    return { files: await filesOf(local.ports, 'orders'), sums: { partitions, all }, groups };
  }

  const expectEqual = async (name: string) => {
    const ports = portsOf(lake);
    expect(await filesOf(ports, name)).toEqual(here.files);
    const { partitions, all, sourceRows, differences } = await validateLoad(ports, await recipeOf(name));
    expect({ partitions, all }).toEqual(here.sums);
    expect([sourceRows, all.after.rows, all.after.counted, differences]).toEqual([1000, 1000, 1000, []]);
  };

  test('load.orders: the same groups, packs, rows, order and sums as on one machine', async () => {
    const sfn = new SFNClient(standIn(await lake.driver.stepFunctions()));
    const input = JSON.stringify(ofManifest('orders'));
    const started = await sfn.send(new StartExecutionCommand({ stateMachineArn: machine(), input }));
    await lake.driver.settle();
    const ended = await sfn.send(new DescribeExecutionCommand({ executionArn: started.executionArn }));
    expect([ended.status, ended.error, ended.cause]).toEqual(['SUCCEEDED', undefined, undefined]);
    const recipe = await recipeOf('orders');
    expect(JSON.parse(ended.output!)).toEqual({ table: 'orders', id: recipe.load.id, n: 1, rows: 1000 });

    expect(copy.files).toHaveLength(20);
    const { items } = portsOf(lake);
    const split = await countTasks(items, scopeOf(recipe, 'split'));
    const pack = await countTasks(items, scopeOf(recipe, 'pack'));
    expect([here.groups, split.succeeded, pack.succeeded]).toEqual([8, 8, 12]);
    // Of each step as many workers as it may have, each an execution of its own.
    const workers = lake.driver.executions.all.filter(e => e.item?.of === started.executionArn);
    expect(workers.map(e => `${e.item!.label} ${e.status}`)).toEqual(
      ['split', 'pack'].flatMap(label => [1, 2, 3].map(() => `${label} SUCCEEDED`)),
    );
    await expectEqual('orders');
    for (const { rows } of here.files) {
      const times = rows.map(row => BigInt(row.split(' | ')[1]!));
      expect(times).toEqual([...times].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
    }
    expect(await lake.driver.deadLetters()).toBe(0);
  }, 240_000);

  test('load.killed: workers that die in the middle of tasks change nothing', async () => {
    const { arn } = start(ofManifest('orders_killed'));
    const before = lake.driver.fleet.killed;
    // While it plans, and then whatever workers there are.
    await sleep(300);
    lake.driver.fleet.kill('load');
    for (const step of ['split', 'pack'] as const) {
      await inProgress('orders_killed', step);
      lake.driver.fleet.kill('load');
      // What they held comes free with its lease.
      lake.driver.fleet.pass(LEASE_MS);
    }
    await lake.driver.settle();
    const { status, cause } = await lake.driver.executions.ended(arn);
    expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
    expect(lake.driver.fleet.killed - before).toBeGreaterThanOrEqual(3);
    const recipe = await recipeOf('orders_killed');
    const { items } = portsOf(lake);
    for (const step of ['split', 'pack'] as const) {
      const { tasks } = await listTasks(items, scopeOf(recipe, step), 'succeeded', {});
      expect(tasks.some(({ token }) => token > 1)).toBe(true);
    }
    await expectEqual('orders_killed');
  }, 240_000);

  test('load.twice: two executions at once are one load, and a third finds it done', async () => {
    // And each call of a function is two.
    doubled = true;
    const both = [start(ofManifest('orders_twice')), start(ofManifest('orders_twice'))];
    await lake.driver.settle();
    const ended = await Promise.all(both.map(({ arn }) => lake.driver.executions.ended(arn)));
    doubled = false;
    // Whoever commits second says what the first came to; whoever plans after that finds it loaded.
    expect(ended.map(({ status }) => status)).toContain('SUCCEEDED');
    for (const { status, cause } of ended) if (status !== 'SUCCEEDED') expect(cause).toContain('[TM_2761]');
    await expectEqual('orders_twice');
    expect(await pastLoads(portsOf(lake).items, 'orders_twice', 9)).toHaveLength(1);
    const third = await loaded(ofManifest('orders_twice'));
    expect([third.status, third.cause]).toEqual(['FAILED', expect.stringContaining('[TM_2761]')]);
  }, 240_000);

  test('load.waiting: changes that came before it had finished are folded after it', async () => {
    const { arn } = start(ofManifest('orders_waiting'));
    await inProgress('orders_waiting', 'split');
    const first = copy.rows[0]!;
    const time = new Date(Number(first.order_time / 1000n)).toISOString().slice(0, 19);
    const header = 'order_id,order_time,amount,record_id,create_time,update_time,year,month';
    const row = (id: string) => [id, time, 5000, id, time, time, '2021', time.slice(5, 7)].join();
    await lake.driver.upload(
      'orders_waiting.csv',
      [header, row(first.order_id), row('order-2000'), ''].join('\n'),
    );
    await lake.driver.settle();
    const { status, output } = await lake.driver.executions.ended(arn);
    expect([status, JSON.parse(output!)]).toEqual([
      'SUCCEEDED',
      expect.objectContaining({ n: 2, rows: 1000 }),
    ]);
    const rows = new Map((await readRows(portsOf(lake), 'orders_waiting')).map(r => [r.order_id, r.amount]));
    const expected = new Map<unknown, unknown>(copy.rows.map(r => [r.order_id, r.amount]));
    expect(rows).toEqual(expected.set(first.order_id, 5000n).set('order-2000', 5000n));
  }, 240_000);

  test('load.hurried: workers whose time is over hand back, and are called again', async () => {
    const { fleet } = lake.driver;
    const lambda: { timeoutMs: number } = fleet.named('load');
    const { timeoutMs } = lambda;
    const invoke = jest.spyOn(fleet, 'invoke');
    try {
      // Of which a worker leaves the last minute alone.
      lambda.timeoutMs = 61_000;
      const { status, cause } = await loaded(ofManifest('orders_hurried'));
      expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
    } finally {
      lambda.timeoutMs = timeoutMs;
    }
    const answers = await Promise.all(invoke.mock.results.map(({ value }) => value as Promise<Invoked>));
    invoke.mockRestore();
    expect(answers).toContainEqual(expect.objectContaining({ ok: true, answer: { left: true } }));
    await expectEqual('orders_hurried');
  }, 240_000);

  test('load.wrong: what fails in one file fails the execution, and goes through when the file is mended', async () => {
    const csv = await csvOrders(copies.store, 'csv');
    const asked: PlanAsked = {
      table: 'orders_wrong',
      copy: { kind: 'files', at: [`s3://${copies.bucket}/csv/`], table: 'orders_wrong' },
      replace: false,
    };
    const { bytes } = csv;
    await copies.store.put(csv.key, Buffer.from(bytes.toString().replace(/,\d+\n$/, ',much\n')));
    const failed = await loaded(asked);
    expect([failed.status, failed.cause]).toEqual(['FAILED', expect.stringContaining('[TM_2753]')]);
    const { items } = portsOf(lake);
    const scope = scopeOf(await recipeOf('orders_wrong'), 'split');
    expect(await countTasks(items, scope)).toMatchObject({ succeeded: 19, ignored: 1, pending: 0 });
    const [task] = (await listTasks(items, scope, 'ignored', {})).tasks;
    expect(task!.errors).toHaveLength(3);
    expect(task!.errors[0]!.message).toMatch(/TM_2765.*part-07\.csv/s);
    expect(await portsOf(lake).catalog.load('orders_wrong')).toBeUndefined();

    await copies.store.put(csv.key, bytes);
    const mended = await loaded(asked);
    expect([mended.status, mended.cause]).toEqual(['SUCCEEDED', undefined]);
    const files = await filesOf(portsOf(lake), 'orders_wrong');
    expect(files).toEqual(here.files);
  }, 240_000);

  test('load.reload: a second full load of DMS replaces the table as it stood when its first object came', async () => {
    const { upload, settle } = lake.driver;
    const rows = async () =>
      (await readRows(portsOf(lake), 'reloaded')).map(({ id, a, b }) => `${id} ${a} ${b}`).sort();
    const full = (...lines: string[]) => ['id,a,b', ...lines, ''].join('\n');
    const change = (second: number, ...lines: string[]) => {
      const sequence = `2021010100000000${String(second).padStart(19, '0')}`;
      const text = ['Op,AR_H_CHANGE_SEQ,id,a,b', ...lines.map(line => line.replace('@', sequence)), ''].join(
        '\n',
      );
      return upload(`s/reloaded/20210101-00000${second}000.csv`, text);
    };
    await upload('s/reloaded/LOAD00000001.csv', full('1,1,first', '2,2,first', '3,3,first'));
    await settle();
    await change(1, 'U,@,1,10,before', 'I,@,4,4,before');
    await settle();
    await upload('s/reloaded/LOAD00000001.csv', full('1,100,second', '2,200,second'));
    await settle();
    await upload('s/reloaded/LOAD00000002.csv', full('3,300,second', '6,600,second'));
    await change(9, 'U,@,2,20,after', 'I,@,5,5,after', 'D,@,3,3,after');
    await settle();
    expect(await rows()).toEqual(['1 10 before', '2 20 after', '4 4 before', '5 5 after']);
    const landing = lake.deployed.outputs[outputName(lake.name, 'LandingBucket')]!;
    const { status, cause } = await loaded({
      table: 'reloaded',
      copy: { kind: 'dms', at: [`s3://${landing}/s/reloaded/`], table: 'reloaded' },
      replace: true,
    });
    expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
    expect(await rows()).toEqual(['1 100 second', '2 20 after', '5 5 after', '6 600 second']);
  }, 240_000);

  test('load.privilege: the machine and its function do what their roles allow, and are allowed no more', async () => {
    const { refused, unused } = await judge(lake, 'load');
    expect(refused).toEqual([]);
    expect(unused.filter(right => !isJustified('load', right))).toEqual([]);
    expect(judgeMachine(lake)).toEqual({ refused: [], unused: [] });
    const poorer = { ...lake, deployed: without(lake.deployed, 'states:StartExecution') };
    expect(judgeMachine(poorer).refused).not.toEqual([]);
    expect(lake.driver.fleet.memoryMb.get('load')).toBeLessThan(1769);
  });
});

/** S4's orders as CSV, 20 files; one of them is handed out. */
async function csvOrders(
  store: Parameters<typeof putOrders>[0],
  folder: string,
): Promise<{ key: string; bytes: Buffer }> {
  const memory = memoryStore('memory://csv');
  const { files } = await putOrders(memory, { folder, format: 'csv' });
  for (const { key } of files)
    await store.put(key.replace('/data/', '/'), Buffer.from((await memory.get(key))!));
  const key = `${folder}/data/part-07.csv`;
  return { key: `${folder}/part-07.csv`, bytes: Buffer.from((await memory.get(key))!) };
}
