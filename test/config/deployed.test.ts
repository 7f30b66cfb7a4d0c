import {
  databaseNames,
  deployedConfig,
  outputName,
  pascal,
  stackNames,
  streamKey,
} from '../../lib/config/deployed';
import { resolveLake } from '../../lib/config/resolve';

const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:shop';

test('deployed.config: what functions read, with paths beside it, without secrets and deploy options', () => {
  const lake = resolveLake(
    {
      name: 'my-shop',
      tables: { orders: { key: ['id'] } },
      reports: { daily: { table: 'orders' }, big: { sql: 'sql/deep/big.sql', params: { least: '1' } } },
      sources: {
        db: { kind: 'dms-s3', schemas: { shop: ['orders'] }, secretArn: SECRET },
        old: { kind: 'mysql', host: 'db', tables: ['shop.*'], secretArn: SECRET },
        web: { kind: 'http' },
        events: {
          kind: 'kinesis',
          format: 'json',
          streamArn: 'arn:aws:kinesis:us-east-1:123456789012:stream/x',
        },
      },
      deploy: { alarmEmail: 'lake@example.com' },
    },
    '/lakes/shop/tidemark.config.ts',
  );
  const deployed = deployedConfig(lake);
  expect(deployed).toMatchObject({ name: 'my-shop', folder: '.', tables: lake.tables, limits: lake.limits });
  expect(deployed.reports).toEqual([
    { name: 'daily', kind: 'table', table: 'orders' },
    { name: 'big', kind: 'sql', sqlFile: 'reports/big.sql', params: { least: '1' } },
  ]);
  expect(deployed.sources).toEqual({
    db: { kind: 'dms-s3', schemas: { shop: ['orders'] }, fileFormat: 'parquet' },
    old: { kind: 'mysql', host: 'db', port: 3306, tables: ['shop.*'] },
    web: { kind: 'http', bodyBytesMax: 1_048_576 },
    events: { kind: 'kinesis', format: 'json' },
  });
  expect(JSON.stringify(deployed)).not.toMatch(/arn:|example\.com|\/lakes/);
});

test('deployed.names', () => {
  expect(stackNames('my-shop')).toEqual({
    storage: 'my-shop-storage',
    pipeline: 'my-shop-pipeline',
    dms: 'my-shop-dms',
  });
  expect(databaseNames('my-shop')).toEqual({ tables: 'my_shop', staging: 'my_shop_staging' });
  expect(outputName('my-shop', 'LakeBucket')).toBe('MyShopLakeBucket');
  expect(streamKey('app-events')).toBe('StreamAppEvents');
  expect(pascal('a1_b-2c')).toBe('A1B2c');
});
