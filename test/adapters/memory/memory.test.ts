import { fixedClock } from '../../../lib/adapters/memory/clock';
import { seededIds } from '../../../lib/adapters/memory/ids';
import { memoryItems } from '../../../lib/adapters/memory/items';
import { memoryStore } from '../../../lib/adapters/memory/object-store';
import { itemsContract } from '../../contracts/items.contract';
import { objectStoreContract } from '../../contracts/object-store.contract';

objectStoreContract('memory', async () => memoryStore());
itemsContract('memory', async () => memoryItems());

test('store.shows all objects', async () => {
  const store = memoryStore('mem://x');
  await store.putIfAbsent('a/b', new Uint8Array([1]));
  expect(store.uri('a/b')).toBe('mem://x/a/b');
  expect([...store.objects]).toEqual([['a/b', new Uint8Array([1])]]);
});

test('clock.stands still until moved', () => {
  const clock = fixedClock(1000);
  expect([clock.now(), clock.now()]).toEqual([1000, 1000]);
  clock.advance(5);
  expect(clock.now()).toBe(1005);
  clock.set(7);
  expect(clock.now()).toBe(7);
});

test('ids.repeat with their seed and with no other', () => {
  const draw = (seed: number) => {
    const ids = seededIds(seed);
    return Array.from({ length: 500 }, (_, i) => (i % 2 ? ids.fresh() : String(ids.snapshotId())));
  };
  expect(draw(1)).toEqual(draw(1));
  expect(new Set([...draw(1), ...draw(11), ...draw(2)]).size).toBe(1500);
  for (const [i, id] of draw(3).entries()) {
    if (i % 2) expect(id).toMatch(/^[0-9a-f]{32}$/);
    else expect(BigInt(id) > 0n && BigInt(id) < 2n ** 63n).toBe(true);
  }
});
