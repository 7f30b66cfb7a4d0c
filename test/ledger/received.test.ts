import { memoryItems } from '../../lib/adapters/memory/items';
import { noteStep, readReceived, STEPS_MAX } from '../../lib/ledger/received';
import { listReceived } from '../support/received';

test('received.steps: of a file that comes again and again the first and the newest are kept', async () => {
  const items = memoryItems();
  const file = { identity: 'f', object: 'f.csv', table: 't' };
  for (let at = 0; at < STEPS_MAX + 5; at++) await noteStep(items, file, { at, what: 'replayed' });
  const steps = (await readReceived(items, 'f'))!.steps.map(step => step.at);
  expect(steps).toEqual([0, ...Array.from({ length: STEPS_MAX - 1 }, (_, i) => i + 6)]);
});

test('received.pages: all files are listed, over several pages', async () => {
  const items = memoryItems();
  for (let n = 0; n < 1001; n++)
    await noteStep(items, { identity: `f${n}`, object: `${n}.csv`, table: 't' }, { at: n, what: 'received' });
  const listed = await listReceived(items);
  expect(new Set(listed.map(received => received.identity)).size).toBe(1001);
  expect(listed.length).toBe(1001);
});
