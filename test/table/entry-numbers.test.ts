import fc from 'fast-check';
import { memoryItems } from '../../lib/adapters/memory/items';
import { type Delta, entryItems } from '../../lib/ledger/entries';
import { EntryNumbers } from '../../lib/ledger/entry-numbers';
import { entryKey } from '../../lib/ledger/keys';
import type { Items } from '../../lib/ports/items';

const AT = { major: 0n, minor: 0n };

function delta(name: string): Delta {
  const place = { key: name, sha256: '', dateReceived: '2021-01-01', partial: false, truncates: 0 };
  return { name, ...place, rows: 1, bytes: 1, memory: 1, least: AT, greatest: AT };
}

/** A ledger of sources with so many deltas each, and how many items were read of it. */
async function ledger(sources: readonly number[]): Promise<{ items: Items; read: () => number }> {
  const items = memoryItems();
  let next = 1;
  for (const [i, count] of sources.entries()) {
    const deltas = Array.from({ length: count }, (_, d) => delta(`d${next + d}`));
    for (const { n, value } of entryItems(deltas, { source: `s${i}`, at: 0 }, next))
      await items.transact([{ put: entryKey('t', n), value }]);
    next += count;
  }
  let read = 0;
  const counted: Items = {
    ...items,
    async query(...asked) {
      const found = await items.query(...asked);
      read += found.length;
      return found;
    },
  };
  return { items: counted, read: () => read };
}

const sources = fc.array(
  fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 200 })),
  {
    minLength: 1,
    maxLength: 60,
  },
);
/** Which entries are asked for, by share of all, and how far their `_entry` lies behind. */
const asked = fc.array(
  fc.tuple(fc.double({ min: 0, max: 1.1, noNaN: true }), fc.integer({ min: 0, max: 30 })),
);

test('entryNumbers.exact: names have the numbers of their entries, those without one and later ones have none', async () => {
  await fc.assert(
    fc.asyncProperty(
      sources,
      fc.array(asked),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (counts, calls, part) => {
        const { items } = await ledger(counts);
        const all = counts.reduce((a, b) => a + b, 0);
        const through = Math.floor(all * part);
        const numbers = new EntryNumbers(items, 't', through);
        for (const call of calls) {
          const places = call.map(([share, lag]) => ({ n: Math.floor(share * all), lag }));
          const wanted = new Map(places.map(({ n, lag }) => [`d${n}`, Math.max(1, n - lag)]));
          const found = await numbers.of(wanted);
          for (const { n } of places) {
            const known = n >= 1 && n <= through;
            expect([n, found.get(`d${n}`) || undefined]).toEqual([n, known ? n : undefined]);
          }
        }
      },
    ),
  );
});

test('entryNumbers.bounded: what is read does not follow the age of the table', async () => {
  const old = await ledger(Array(3000).fill(1));
  for (const [places, most] of [
    [[2900], 8],
    [[10, 1500, 2999], 40],
    [Array.from({ length: 100 }, (_, i) => 2000 + i), 250],
  ] as const) {
    const before = old.read();
    await new EntryNumbers(old.items, 't', 3000).of(new Map(places.map(n => [`d${n}`, n - 3])));
    expect(old.read() - before).toBeLessThanOrEqual(most);
  }
});
