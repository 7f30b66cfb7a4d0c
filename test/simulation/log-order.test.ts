import fc from 'fast-check';
import { type TestLake, testLake } from '../support/lake';
import { faultyPorts, NO_FAULTS } from './faulty-ports';
import { checkOrder } from './invariants';
import { Scheduler } from './scheduler';
import { COLUMNED, ingestFile, mergeTable, type WorldFile } from './world';

/** Few positions, so that files that come at once often share some; TRUNCATEs among them. */
const change = fc.record({
  op: fc.constantFrom('I' as const, 'U' as const, 'D' as const, 'T' as const),
  id: fc.integer({ min: 1, max: 3 }),
  at: fc.integer({ min: 0, max: 8 }),
});
const files = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 5 });

async function takenInAtOnce(
  lake: TestLake,
  given: readonly WorldFile['changes'][],
  seed: number,
): Promise<void> {
  const scheduler = new Scheduler(seed);
  const actors = given.map((changes, i) =>
    scheduler.spawn(`ingest ${i}`, actor => {
      const file: WorldFile = { table: 'one', key: `${i}/one.jsonl`, changes };
      return ingestFile(lake, faultyPorts(lake.ports, actor, NO_FAULTS), file);
    }),
  );
  await scheduler.run();
  for (const { error } of actors) if (error) throw error;
  await mergeTable(lake, lake.ports, 'one');
}

test('order.log: the log alone orders changes as the ledger does', async () => {
  let early = 0;
  let anew = 0;
  await fc.assert(
    fc.asyncProperty(files, fc.nat(), async (given, seed) => {
      const lake = testLake({ name: 'order', tables: { one: COLUMNED }, limits: { deltaRowsMax: 2 } }, seed);
      await takenInAtOnce(lake, given, seed);
      const { entries, behind } = await checkOrder(lake.ports, 'one');
      early += behind;
      let written = 0;
      for await (const _ of lake.ports.store.list('deltas/')) written++;
      anew += written - entries;
    }),
    { numRuns: Number(process.env.TIDEMARK_HISTORIES ?? 25) },
  );
  // Else the runs were one after another, and show nothing.
  expect(early).toBeGreaterThan(10);
  expect(anew).toBeGreaterThan(10);
}, 120_000);
