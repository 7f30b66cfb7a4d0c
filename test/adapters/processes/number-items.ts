import { openLocalItems } from '../../../lib/adapters/local/items';
import { stopInTime } from './deadline';

/** Takes the next number of a sequence `count` times, as ingest numbers entries; writes each one it was given. */
async function main(folder: string, name: string, count: number): Promise<void> {
  const items = await openLocalItems(folder);
  const counter = { partition: 'table', sort: 'counter' };
  for (let taken = 0; taken < count; ) {
    const last = await items.get(counter);
    const next = Number(last?.value.n ?? 0) + 1;
    const entry = { partition: 'table', sort: `entry#${String(next).padStart(8, '0')}` };
    const result = await items.transact([
      { put: counter, value: { n: next }, if: last?.version ?? 'absent' },
      { put: entry, value: { by: name, padding: 'x'.repeat(500) }, if: 'absent' },
    ]);
    if (result.done) {
      taken++;
      process.stdout.write(`${next}\n`);
    }
  }
  await items.close();
}

stopInTime();
void main(process.argv[2] ?? '', process.argv[3] ?? '', Number(process.argv[4]));
