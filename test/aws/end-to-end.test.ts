import { type DeployedLake, deployedLake, describeDeployed } from './deployed-lake';

describeDeployed('end-to-end', () => {
  let lake: DeployedLake;
  beforeAll(async () => {
    const t = Date.now();
    lake = await deployedLake('e2e', { deploy: { windowSeconds: 1 } });
    console.log(Date.now() - t, lake.folder, 1);
  }, 120_000);
  afterAll(() => lake?.stop());
  test('x', async () => {
    await lake.driver.upload('hr/a b+c/employees-2021-01-01.csv', require('node:fs').readFileSync(`${__dirname}/../../examples/employees/day1.csv`));
    await lake.driver.settle();
    console.log(lake.driver.fleet.errors, lake.driver.fleet.memoryMb, await lake.driver.deadLetters());
  }, 60_000);
});
