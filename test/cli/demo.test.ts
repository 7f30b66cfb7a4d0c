import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { folder, tidemark } from './terminal';

test('demo.counts', async () => {
  const cwd = folder();
  const { code, out, err } = await tidemark(cwd, ['demo']);
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('Demo lake: ./demo-lake (nothing leaves this machine)');
  expect(out).toContain(
    'delta 2  3 rows   2 new, 1 updated   (5: department_id NULL -> 2, manager_id 17 -> 18)',
  );
  expect(out).toContain('delta 3  5 rows   3 new, 1 updated, 1 deleted');
  expect(out).toContain('2021-01-01  5   2021-01-02  7   2021-01-03  9   = 21 rows');
  expect(out).toMatch(/LOAD00000001\.csv +103 rows\n.* +106 rows {3}6 Mindy George -> Los Angeles\n/);
  expect(out).toMatch(/4 more files +110 rows {3}wrote \d+ KB in 4 commits\n/);
  expect(out).toMatch(/replayed all, shuffled +110 rows {3}unchanged\n/);
  expect(existsSync(join(cwd, 'demo-lake/employees/metadata'))).toBe(true);
  expect((await tidemark(cwd, ['status', '--check', '--lake', 'demo-lake'])).code).toBe(0);
}, 30_000);
