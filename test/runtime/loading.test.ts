import type { Execution, StateMachine } from '../../lib/adapters/aws/state-machine';
import { memoryStore } from '../../lib/adapters/memory/object-store';
import type { TidemarkError } from '../../lib/errors';
import { abandonLoad, openLoad } from '../../lib/ledger/loads';
import { listQuarantined } from '../../lib/ledger/quarantine';
import type { ObjectStore } from '../../lib/ports/object-store';
import { loadsThere } from '../../lib/runtime/deployed/loading';
import type { Loads, RunOptions } from '../../lib/runtime/load';
import { openCopy } from '../../lib/runtime/load-copy';
import { tallyOf } from '../../lib/runtime/tally';
import { type LoadSteps, loadSteps, type PlanAsked, type StepsBase } from '../../lib/stages/load/steps';
import { mergeUntil } from '../../lib/stages/merge/merge-until';
import { dmsLake, rows, T } from '../protocol/rules';
import { putOrders } from '../support/copies';
import { mergeAll, readRows, type TestLake, take, testLake } from '../support/lake';
import { loadPorts } from '../support/load-project';
import { ORDERS } from '../support/orders';

jest.setTimeout(60_000);

/** The machine's states, one after the other; what fails is told as Lambda tells it. */
class Machine implements StateMachine {
  readonly executions = new Map<string, Execution & { readonly name: string }>();
  private readonly ended: Promise<void>[] = [];

  constructor(readonly steps: LoadSteps) {}

  async start(name: string, input: object): Promise<string> {
    const asked = JSON.parse(JSON.stringify(input)) as PlanAsked;
    const execution = { arn: `arn:${name}`, name, input: asked, state: 'running' as const };
    this.executions.set(execution.arn, execution);
    const end = (what: Partial<Execution>) => {
      const { state } = this.executions.get(execution.arn)!;
      if (state === 'running') this.executions.set(execution.arn, { ...execution, ...what });
    };
    const ended = this.all(asked).then(
      output => end({ state: 'succeeded', output }),
      ({ code, where }: TidemarkError) => {
        const cause = JSON.stringify({ errorType: 'TidemarkError', errorMessage: `[${code}] ${where}` });
        end({ state: 'failed', error: 'TidemarkError', cause });
      },
    );
    this.ended.push(ended);
    return execution.arn;
  }

  private async all(asked: PlanAsked) {
    const { steps } = this;
    const planned = await steps.plan(asked);
    for (const worker of planned.workers) await steps.work({ ...planned, step: 'split', worker }, Infinity);
    const packs = await steps.planPacks(planned);
    for (const worker of packs.workers) await steps.work({ ...packs, step: 'pack', worker }, Infinity);
    return steps.commit(packs);
  }

  async over(): Promise<void> {
    await Promise.all(this.ended);
  }

  running = async (prefix: string) =>
    [...this.executions.values()]
      .filter(e => e.state === 'running' && e.name.startsWith(prefix))
      .map(e => e.arn);
  look = async (arn: string) => this.executions.get(arn)!;
  stop = async (arn: string) =>
    void this.executions.set(arn, { ...this.executions.get(arn)!, state: 'failed', error: 'ABORTED' });
}

async function deployed(month = "strftime(create_time, '%m')") {
  const load = { ...ORDERS.load, derive: { ...ORDERS.load?.derive, month }, groupBytes: 5_000 };
  const lake: TestLake = testLake({ name: 'loads', tables: { orders: { ...ORDERS, load } } });
  const copies = memoryStore('s3:/');
  await putOrders(copies, { folder: 'exports/one' });
  await putOrders(copies, { folder: 'exports/two', seed: 2 });
  return { lake, ...over(lake, copies) };
}

/** The lake's loads as the command line has them, and its machine; the landing is `s3://landing`. */
function over(lake: TestLake, copies: ObjectStore) {
  const ports = loadPorts(lake);
  const landing = { store: lake.landing, address: 's3://landing/' };
  const room = { copies, landing, lake: 's3://lake/', absolute: async (path: string) => path };
  const open: StepsBase['open'] = (table, place) => openCopy(room, table, place);
  const wake = async () => {};
  const machine = new Machine(
    loadSteps({ config: lake.lake, ports, open, workersMax: 2, owner: 'there', wake }),
  );
  const merge: Parameters<typeof loadsThere>[1]['merge'] = async table => {
    const { slices } = await mergeUntil(ports, table, lake.lake.limits, Infinity);
    return tallyOf(table.name, slices);
  };
  const loads: Loads = loadsThere({ ports, config: lake.lake, room }, { machine, merge, lookMs: 20 });
  const table = lake.lake.tables[0]!;
  return { machine, loads, table, run: (options: RunOptions) => loads.run(table, options) };
}

const ONE = ['s3://exports/one/manifest.json'];

test('loading.run: an execution takes it through, its progress is told, and the merge is waited for', async () => {
  const { lake, machine, loads, table, run } = await deployed();
  expect(await loads.plan(table, { from: ONE, dryRun: true })).toMatchObject({ place: { kind: 'manifest' } });
  const told: string[] = [];
  const loaded = await run({
    from: ONE,
    date: '2021-12-31',
    onPlanned: ({ load }) => told.push(`planned ${load?.dateReceived}`),
    onProgress: ({ step }) => told.push(step),
  });
  expect(loaded).toMatchObject({ n: 1, rows: 1000, merged: { through: 1, rows: { total: 1000 } } });
  expect([...new Set(told)]).toEqual(['planned 2021-12-31', 'split', 'pack']);
  expect(await readRows(lake.ports, 'orders')).toHaveLength(1000);
  expect(await run({ from: ONE })).toEqual({ id: loaded!.id, n: 1, merged: undefined });
  expect([...machine.executions.values()]).toHaveLength(1);
});

test('loading.join: one that is under way is joined, not doubled, and not taken for another', async () => {
  const { machine, loads, table, run } = await deployed();
  expect(await run({ from: ONE, wait: false })).toBeUndefined();
  await expect(run({ from: ['s3://exports/two/manifest.json'] })).rejects.toThrow(
    /^\[TM_7014\] .*exports\/one/,
  );
  expect(await run({ from: ONE })).toMatchObject({ n: 1, rows: 1000 });
  expect(machine.executions.size).toBe(1);
  const stop = new AbortController();
  const watched = run({
    from: ['s3://exports/two/data'],
    replace: true,
    stop: stop.signal,
    onPlanned: () => stop.abort(),
  });
  await expect(watched).rejects.toThrow(/^\[TM_7023\]/);
  expect((await loads.abandon(table)).replaces).toBe(true);
  expect(await machine.running('orders-')).toEqual([]);
  await machine.over();
});

test("loading.failed: the execution's error is the command's, with the words that the tracker has", async () => {
  const { lake, loads, table, run } = await deployed('CAST(CAST(order_id AS INT) AS VARCHAR)');
  const failed: string[] = [];
  const one = run({ from: ONE, onFailed: step => failed.push(step) });
  await expect(one).rejects.toThrow(
    /^\[TM_2753\] \d+ tasks of the step split failed; the first: .*part-.*row 1/s,
  );
  expect(failed).toContain('split');
  expect(await loads.retry(table)).toBeGreaterThan(0);
  const { load } = (await openLoad(lake.ports.items, 'orders'))!;
  expect((await loads.status(table)).underWay).toEqual(load);
  await expect(run({ from: ONE, replace: true })).rejects.toThrow(/^\[TM_7014\] .*replaces nothing/);
});

test('loading.reload: a replace that names nothing takes the reload that waits in the landing', async () => {
  const lake = dmsLake();
  const full = (...lines: string[]) =>
    take(lake, `s/${T}/LOAD00000001.csv`, `${['id,a,b', ...lines].join('\n')}\n`);
  await full('1,1,first', '2,2,first');
  await mergeAll(lake, T);
  const { loads, table, run } = over(lake, memoryStore('s3:/'));
  await expect(run({ replace: true })).rejects.toThrow(/^\[TM_2757\]/);
  await full('1,5,second', '3,3,second');
  await expect(run({})).rejects.toThrow(/^\[TM_2757\]/);
  const looked = await loads.plan(table, { replace: true, dryRun: true });
  expect(looked.place).toEqual({ kind: 'dms', at: [`s3://landing/s/${T}/`], table: T });
  expect(await run({ replace: true })).toMatchObject({ n: 2, rows: 2 });
  expect(await rows(lake)).toEqual(['1 5 second', '3 3 second']);
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
});

test('loading.late: what is called late for a load that was given up, or whose load ends meanwhile, begins no other', async () => {
  const { lake, machine, loads, table, run } = await deployed();
  const asked: PlanAsked[] = [];
  machine.start = async (_, input) => {
    asked.push(input as PlanAsked);
    return 'arn:late';
  };
  await run({ from: ONE, wait: false });
  await machine.steps.plan(asked[0]!);
  await run({ wait: false });
  const { id } = (await openLoad(lake.ports.items, 'orders'))!.load;
  expect(asked.map(({ load }) => load)).toEqual([id, id]);
  await loads.abandon(table);
  for (const one of asked) await expect(machine.steps.plan(one)).rejects.toThrow(/^\[TM_2758\]/);
  expect(await openLoad(lake.ports.items, 'orders')).toBeUndefined();
});

test('loading.meanwhile: who goes on with a replace that is given up while the copy is looked at begins no other load', async () => {
  const { lake } = await deployed();
  const copies = memoryStore('s3:/');
  await putOrders(copies, { folder: 'exports/one' });
  const { items } = lake.ports;
  let ends = false;
  const get: ObjectStore['get'] = async (...asked) => {
    const standing = ends ? await openLoad(items, 'orders') : undefined;
    if (standing) await abandonLoad(items, 'orders', standing);
    return copies.get(...asked);
  };
  const { loads, table } = over(lake, { ...copies, get });
  const { load } = await loads.plan(table, { from: ONE, replace: true });
  expect((await loads.plan(table, {})).load).toEqual(load);
  ends = true;
  await expect(loads.plan(table, {})).rejects.toThrow(/^\[TM_2758\]/);
  expect(await openLoad(items, 'orders')).toBeUndefined();
});
