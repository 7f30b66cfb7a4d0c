import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '../..');

test('sword-shop.run: twenty swords are bought over HTTP, and are rows of their table', async () => {
  const run = join(ROOT, 'examples/sword-shop/run.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [run]);
  expect(stdout).toContain('user1.comcast.com/: This is the default response!\n');
  expect(stdout).toContain('user2.att.com/purchase_a_sword: Sword Purchased!\n');
  const answers = stdout.split(/^\$ tidemark query .*$/m).slice(1);
  expect(answers).toHaveLength(3);
  const [tables, columns, rows] = answers.map(text =>
    text
      .trim()
      .split('\n')
      .map(line => line.trim()),
  );
  expect(tables).toContain('sword_purchases');
  expect(columns!.slice(1, 7).map(line => line.split(/ +/)[0])).toEqual([
    ...['raw_event', 'timestamp', 'accept', 'host', 'user_agent', 'event_type'],
  ]);
  for (const host of ['user1.comcast.com', 'user2.att.com']) {
    const form = new RegExp(
      `^\\{"event_type":"purchase_sword".* \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z +\\*/\\* +${host} +ApacheBench/2.3 +purchase_sword `,
    );
    expect(rows!.filter(line => form.test(line))).toHaveLength(10);
  }
  expect(stdout).toMatch(/^20 swords in their table, \d+\.\d s after the last was bought\n$/m);
}, 120_000);
