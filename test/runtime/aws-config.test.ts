import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deployedConfig } from '../../lib/config/deployed';
import { resolveLake } from '../../lib/config/resolve';
import { readDeployedConfig, variable } from '../../lib/runtime/aws-config';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-deployed-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('awsConfig.deployed: what was resolved at synth, report files beside it', () => {
  const lake = resolveLake(
    {
      name: 'shop',
      tables: { orders: { key: ['id'], columns: { id: 'bigint' }, partitionBy: ['bucket(4, id)'] } },
      reports: { totals: { sql: 'sql/totals.sql' }, daily: { table: 'orders' } },
    },
    '/somewhere/tidemark.config.ts',
  );
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(deployedConfig(lake)));
  const read = readDeployedConfig(file);
  expect(read).toMatchObject({ name: 'shop', folder, limits: lake.limits });
  expect(read.tables).toEqual(JSON.parse(JSON.stringify(lake.tables)));
  expect(read.reports.map(({ sqlFile }) => sqlFile)).toEqual([join(folder, 'reports/totals.sql'), undefined]);
});

test('awsConfig.unreadable: says which file, and what to do', () => {
  const file = join(folder, 'config.json');
  expect(() => readDeployedConfig(file)).toThrow(/^\[TM_8202\].*config\.json · deploy the lake again/);
  writeFileSync(file, '{"name":');
  expect(() => readDeployedConfig(file)).toThrow(/^\[TM_8202\]/);
});

test('awsConfig.variable: a missing or empty one is named', () => {
  expect(variable({ TIDEMARK_LEDGER: 'ledger' }, 'TIDEMARK_LEDGER')).toBe('ledger');
  expect(() => variable({ TIDEMARK_LEDGER: '' }, 'TIDEMARK_LEDGER')).toThrow(/^\[TM_8201\].*TIDEMARK_LEDGER/);
});
