import fc from 'fast-check';
import type { Item, ItemAction, Items } from '../../lib/ports/items';

/** What every Items does. `make` gives an empty one each time; `runs` is for stores that are slow. */
export function itemsContract(name: string, make: () => Promise<Items>, runs = 40): void {
  describe(`${name}: the Items contract`, () => {
    test('version.counts the writes of one item', async () => {
      const items = await make();
      const at = { partition: 'p', sort: 's' };
      expect(await items.get(at)).toBeUndefined();
      expect(await items.transact([{ put: at, value: { n: 1 }, if: 'absent' }])).toEqual({ done: true });
      expect(await items.get(at)).toEqual({ ...at, version: 1, value: { n: 1 } });
      await items.transact([{ put: at, value: { n: 2 }, if: 1 }]);
      await items.transact([{ put: at, value: { n: 3 } }]);
      expect(await items.get(at)).toEqual({ ...at, version: 3, value: { n: 3 } });
      await items.transact([{ delete: at, if: 3 }]);
      expect(await items.get(at)).toBeUndefined();
      await items.transact([{ delete: at }, { put: { partition: 'p', sort: 'other' }, value: {} }]);
      await items.transact([{ put: at, value: {} }]);
      expect((await items.get(at))?.version).toBe(1);
    });

    test('value.comes back as JSON', async () => {
      const items = await make();
      const at = { partition: 'é\u{1f600}', sort: 'a\0b#c' };
      const value = {
        s: 'é\u{1f600}\0\ud800',
        n: -1.5e300,
        t: true,
        z: null,
        list: [1, [], {}, ''],
        o: { '': 0 },
      };
      await items.transact([{ put: at, value }]);
      expect(await items.get(at)).toEqual({ ...at, version: 1, value });
      expect(await items.query(at.partition, '')).toEqual([{ ...at, version: 1, value }]);
    });

    test('transact.is all or none, and names what blocked', async () => {
      const items = await make();
      const at = (sort: string) => ({ partition: 'p', sort });
      await items.transact([{ put: at('a'), value: {} }]);
      const actions: ItemAction[] = [
        { put: at('new'), value: {} },
        { put: at('a'), value: {}, if: 'absent' },
        { put: at('b'), value: {}, if: 1 },
        { delete: at('c'), if: 1 },
      ];
      expect(await items.transact(actions)).toEqual({ done: false, blocked: [1, 2, 3] });
      expect(await items.transact([{ delete: at('a'), if: 2 }])).toEqual({ done: false, blocked: [0] });
      expect(await sorts(items.query('p', ''))).toEqual(['a']);
      expect(await items.transact([])).toEqual({ done: true });
    });

    test('transact.takes 100 actions on different items', async () => {
      const items = await make();
      const puts = (n: number): ItemAction[] =>
        Array.from({ length: n }, (_, i) => ({ put: { partition: 'p', sort: `${i}` }, value: { i } }));
      await expect(items.transact(puts(101))).rejects.toThrow('TM_5005');
      await expect(items.transact([...puts(1), ...puts(1)])).rejects.toThrow('TM_5005');
      expect(await items.query('p', '')).toEqual([]);
      expect(await items.transact(puts(100))).toEqual({ done: true });
      expect(await items.query('p', '')).toHaveLength(100);
    });

    test('limits.say what is too long', async () => {
      const items = await make();
      const put = (partition: string, sort: string, s = '') =>
        items.transact([{ put: { partition, sort }, value: { s } }]);
      for (const [partition, sort] of [
        ['', 's'],
        ['p', ''],
        ['p\0q', 's'],
        ['\ud800', 's'],
        ['p', '\udfff'],
        ['p'.repeat(901), 's'],
        ['p', 'é'.repeat(513)],
      ] as const) {
        await expect(put(partition, sort)).rejects.toThrow('TM_5004');
        await expect(items.get({ partition, sort })).rejects.toThrow('TM_5004');
      }
      await expect(put('p', 's', 'x'.repeat(350_000))).rejects.toThrow('TM_5004');
      expect(await put('p'.repeat(900), 's'.repeat(1024), 'x'.repeat(349_000))).toEqual({ done: true });
      expect(await sorts(items.query('p'.repeat(900), 's'))).toEqual(['s'.repeat(1024)]);
      const large = Array.from({ length: 12 }, (_, i) => ({
        put: { partition: 'q', sort: `${i}` },
        value: { s: 'x'.repeat(349_000) },
      }));
      await expect(items.transact(large)).rejects.toThrow('TM_5005');
    });

    test('query.one partition in the order of UTF-8 bytes', async () => {
      const items = await make();
      const ordered = ['a', 'a#1', 'a#10', 'a#2', 'b', '\uffee', '\u{1f600}'];
      const puts = [...ordered].reverse().map(sort => ({ put: { partition: 'p', sort }, value: {} }));
      const others = ['o', 'p#', 'pa', 'q'].map(partition => ({
        put: { partition, sort: 'a#1' },
        value: {},
      }));
      await items.transact([...puts, ...others]);
      const query = (prefix: string, options?: { after?: string; limit?: number; reverse?: boolean }) =>
        sorts(items.query('p', prefix, options));
      expect(await query('')).toEqual(ordered);
      expect(await query('', { reverse: true })).toEqual([...ordered].reverse());
      expect(await query('a#')).toEqual(['a#1', 'a#10', 'a#2']);
      expect(await query('a#', { reverse: true, limit: 1 })).toEqual(['a#2']);
      expect(await query('a#', { after: 'a#1', limit: 1 })).toEqual(['a#10']);
      expect(await query('a#', { after: 'a#10', reverse: true })).toEqual(['a#1']);
      // A cursor outside the prefix starts at its near end, or past its far end.
      expect(await query('a#', { after: 'a' })).toEqual(['a#1', 'a#10', 'a#2']);
      expect(await query('a#', { after: 'b' })).toEqual([]);
      expect(await query('a#', { after: 'b', reverse: true })).toEqual(['a#2', 'a#10', 'a#1']);
      expect(await query('a#', { after: 'a', reverse: true })).toEqual([]);
      expect(await query('', { limit: 0 })).toEqual([]);
    });

    test('transact.races have one winner', async () => {
      const items = await make();
      const at = { partition: 'p', sort: 's' };
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, n) => items.transact([{ put: at, value: { n }, if: 'absent' }])),
      );
      expect(results.filter(result => result.done)).toHaveLength(1);
      expect((await items.get(at))?.value).toEqual({ n: results.findIndex(result => result.done) });
    });

    test('any history.is that of a map', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(transaction, { maxLength: 15 }), queried, async (steps, query) => {
          const items = await make();
          const model = new Map<string, Item>();
          for (const actions of steps) {
            expect(await items.transact(actions)).toEqual(modelTransact(model, actions));
          }
          for (const [partition, sort] of [...model.keys()].map(id => id.split('/'))) {
            const at = { partition: partition ?? '', sort: sort ?? '' };
            expect(await items.get(at)).toEqual(model.get(`${at.partition}/${at.sort}`));
          }
          const { partition, prefix, after, limit, reverse } = query;
          const direction = reverse ? -1 : 1;
          const expected = [...model.values()]
            .filter(item => item.partition === partition && item.sort.startsWith(prefix))
            .filter(item => after === undefined || byUtf8(item.sort, after) * direction > 0)
            .sort((a, b) => byUtf8(a.sort, b.sort) * direction)
            .slice(0, limit);
          expect(await items.query(partition, prefix, { after, limit, reverse })).toEqual(expected);
        }),
        { numRuns: runs },
      );
    });
  });
}

const partitions = fc.constantFrom('p', 'pq');
const sortKeys = fc.constantFrom('a', 'aa', 'ab', 'b', '\uff5e', '\u{1f600}');
const at = fc.record({ partition: partitions, sort: sortKeys });
const seen = fc.integer({ min: 0, max: 3 });
const action: fc.Arbitrary<ItemAction> = fc.oneof(
  fc.record({
    put: at,
    value: fc.record({ n: fc.nat(9) }),
    if: fc.option(fc.oneof(fc.constant('absent' as const), seen), { nil: undefined }),
  }),
  fc.record({ delete: at, if: fc.option(seen, { nil: undefined }) }),
);
const transaction = fc.uniqueArray(action, { selector: idOf, minLength: 1, maxLength: 4 });
const queried = fc.record({
  partition: partitions,
  prefix: fc.constantFrom('', 'a', 'aa', '\u{1f600}'),
  after: fc.option(sortKeys, { nil: undefined }),
  limit: fc.option(fc.nat(3), { nil: undefined }),
  reverse: fc.boolean(),
});

const byUtf8 = (a: string, b: string) => Buffer.from(a).compare(Buffer.from(b));

function idOf(one: ItemAction): string {
  const key = 'put' in one ? one.put : one.delete;
  return `${key.partition}/${key.sort}`;
}

function modelTransact(model: Map<string, Item>, actions: readonly ItemAction[]) {
  const blocked = actions.flatMap((one, i) => {
    const version = model.get(idOf(one))?.version;
    const holds = one.if === undefined || (one.if === 'absent' ? version === undefined : version === one.if);
    return holds ? [] : [i];
  });
  if (blocked.length > 0) return { done: false, blocked };
  for (const one of actions) {
    const id = idOf(one);
    if ('put' in one)
      model.set(id, { ...one.put, version: (model.get(id)?.version ?? 0) + 1, value: one.value });
    else model.delete(id);
  }
  return { done: true };
}

async function sorts(found: Promise<Item[]>): Promise<string[]> {
  return (await found).map(item => item.sort);
}
