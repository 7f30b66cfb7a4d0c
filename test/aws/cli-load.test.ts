import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import type { TableConfig } from '../../lib/config/define';
import { folder, json, type Ran, tidemark } from '../cli/terminal';
import { putOrders } from '../support/copies';
import { readRows } from '../support/lake';
import { ORDERS } from '../support/orders';
import { SHELL } from './cli-lake';
import { type DeployedLake, deployedLake, describeDeployed } from './deployed-lake';
import { MOTO, standIn } from './endpoints';
import { copiesBucket, portsOf } from './load-lake';

describeDeployed('the command load', () => {
  let lake: DeployedLake;
  let bucket: string;
  const cwd = folder();

  beforeAll(async () => {
    const copies = await copiesBucket();
    bucket = copies.bucket;
    await putOrders(copies.store, { folder: 'orders' });
    const load = { ...ORDERS.load, groupBytes: 5_000 };
    const wrong = { ...load, derive: { ...load.derive, month: 'CAST(CAST(order_id AS INT) AS VARCHAR)' } };
    const tables: Record<string, TableConfig> = {
      orders: { ...ORDERS, load },
      orders_wrong: { ...ORDERS, load: wrong },
    };
    const deploy = { windowSeconds: 1, loads: { from: [`s3://${bucket}/orders/`], workers: 2 } };
    lake = await deployedLake('cli-load', { deploy, tables });
    Object.assign(process.env, SHELL, { AWS_ENDPOINT_URL_SFN: await lake.driver.stepFunctions() });
    // The stacks' outputs, and no more of them: resources were made from the templates.
    const Outputs = Object.fromEntries(
      Object.entries(lake.deployed.outputs).map(([name, Value]) => [name, { Value }]),
    );
    const Resources = { Topic: { Type: 'AWS::SNS::Topic' } };
    await new CloudFormationClient(standIn(MOTO)).send(
      new CreateStackCommand({
        StackName: `${lake.name}-storage`,
        TemplateBody: JSON.stringify({ Resources, Outputs }),
      }),
    );
  }, 240_000);
  afterAll(() => lake?.stop());

  /** Runs the command, and all that AWS does meanwhile. */
  async function load(...args: string[]): Promise<Ran> {
    const all = ['--target', 'aws', '--config', lake.config, 'load', ...args];
    const ran = tidemark(cwd, all, { environment: { TIDEMARK_S3_PATH_STYLE: 'true' } });
    let over = false;
    const ended = ran.finally(() => {
      over = true;
    });
    while (!over) {
      await lake.driver.settle();
      await Promise.race([sleep(200), ended]);
    }
    return ran;
  }

  test('load.command: planned and run from here, done there, merged, and not twice', async () => {
    const where = `s3://${bucket}/orders/manifest.json`;
    const looked = await load('plan', 'orders', where, '--dry-run');
    expect([looked.code, looked.out]).toEqual([
      0,
      expect.stringMatching(/nothing begun[\s\S]*20 files.*1,000 rows/),
    ]);
    const ran = await load('run', 'orders', where);
    expect([ran.err, ran.code]).toEqual(['', 0]);
    expect(ran.out).toMatch(/loaded as entry 1: 1,000 rows/);
    expect(ran.out).toMatch(/merged through 1: 1,000 rows/);
    expect(await readRows(portsOf(lake), 'orders')).toHaveLength(1000);
    expect((await load('run', 'orders', where)).out).toMatch(/loaded before, as entry 1/);
    expect((await load('status', 'orders')).out).toMatch(/committed as entry 1/);
    expect(lake.driver.executions.all.filter(e => !e.item)).toHaveLength(1);
  }, 240_000);

  test('load.command: what fails there is told here, in the words of the lake', async () => {
    const data = `s3://${bucket}/orders/data`;
    expect(await load('run', 'orders_wrong', data, '--no-wait')).toMatchObject({ code: 0, out: '' });
    const ran = await load('run', 'orders_wrong', data);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(
      /\[TM_2753\] \d+ tasks of the step split failed; the first: .*part-\d+\.parquet, row 1/,
    );
    const tasks = json(await load('status', 'orders_wrong', '--tasks', '--output', 'json'));
    expect(tasks[0]).toMatchObject({ step: 'split', state: 'ignored', tries: 3 });
    expect((await load('validate', 'orders_wrong')).err).toMatch(/\[TM_7015\]/);
    expect(await load('abandon', 'orders_wrong')).toMatchObject({ code: 0 });
    expect((await load('run', 'orders_wrong', `s3://${bucket}/other/`)).err).toMatch(/\[TM_7021\]/);
  }, 240_000);
});
