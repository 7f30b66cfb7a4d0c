import './loud';

import { ingestFiles } from '../../lambdas/ingest-files/handler';
import { awsTestLake, objectEvent, sqsEvent, within } from './aws-lake';

test('log.columns: what is new about the columns of a file is logged by their names', async () => {
  const heard: string[] = [];
  jest.spyOn(console, 'info').mockImplementation((...said: unknown[]) => void heard.push(said.join(' ')));
  const lake = awsTestLake({
    name: 'shop',
    tables: { orders: { key: ['id'], columns: { id: 'bigint', status: 'string' } } },
  });
  const key = 'orders-2024-01-01.csv';
  await lake.landing.put(key, Buffer.from('id,colour\n1,red\n'));
  await ingestFiles(lake)(sqsEvent(objectEvent(key)), within(900_000));
  const taken = heard.find(line => line.includes('taken-in'));
  expect(taken).toMatch(/"?newColumns"?: ?\[\s*['"]colour['"]\s*\]/);
  expect(taken).toMatch(/"?lacking"?: ?\[\s*['"]status['"]\s*\]/);
  expect(taken).not.toContain('red');
  jest.restoreAllMocks();
});
