import { createHash } from 'node:crypto';
import type { Catalog } from '../../lib/ports/catalog';

/** A metadata file with what a catalog may look at: each commit adds a snapshot, `mark` names it. */
export function metadata(mark: string, base?: { metadata: Uint8Array }): Uint8Array {
  const before = base && (JSON.parse(Buffer.from(base.metadata).toString()) as Marked);
  const id = createHash('sha256').update(`${mark}:${counter++}:${process.pid}`).digest().readUIntBE(0, 6);
  const file: Marked = {
    'format-version': 2,
    'current-snapshot-id': id,
    snapshots: [...(before?.snapshots ?? []), { 'snapshot-id': id, summary: { mark } }],
  };
  return Buffer.from(JSON.stringify(file));
}

let counter = 0;

/** The names of the commits a table holds, oldest first. */
export function marksOf(loaded: { metadata: Uint8Array } | undefined): string[] | undefined {
  const file = loaded && (JSON.parse(Buffer.from(loaded.metadata).toString()) as Marked);
  return file?.snapshots.map(snapshot => snapshot.summary.mark);
}

interface Marked {
  readonly 'format-version': number;
  readonly 'current-snapshot-id': number;
  readonly snapshots: readonly {
    readonly 'snapshot-id': number;
    readonly summary: { readonly mark: string };
  }[];
}

/** Commits `mark` on top of whatever stands, as often as it takes. */
export async function commit(catalog: Catalog, table: string, mark: string): Promise<void> {
  for (;;) {
    const base = await catalog.load(table);
    if (!base) throw new Error(`${table} is missing`);
    if ((await catalog.swap(table, base.pointer, metadata(mark, base))).swapped) return;
  }
}

/** What every Catalog does. `make` gives an empty one each time. */
export function catalogContract(name: string, make: () => Promise<Catalog>): void {
  describe(`${name}: the Catalog contract`, () => {
    test('load.a missing table is undefined', async () => {
      const catalog = await make();
      expect(await catalog.load('users')).toBeUndefined();
      expect(await catalog.list()).toEqual([]);
    });

    test('create.once', async () => {
      const catalog = await make();
      const created = await catalog.create('users', metadata('first'));
      expect(created.swapped).toBe(true);
      expect(await catalog.create('users', metadata('second'))).toEqual({ swapped: false });
      const loaded = await catalog.load('users');
      expect(marksOf(loaded)).toEqual(['first']);
      expect(created).toEqual({ swapped: true, pointer: loaded?.pointer });
    });

    test('create.has one winner', async () => {
      const catalog = await make();
      const marks = ['a', 'b', 'c', 'd', 'e'];
      const results = await Promise.all(marks.map(mark => catalog.create('users', metadata(mark))));
      const winners = marks.filter((_, i) => results[i]?.swapped);
      expect(winners).toHaveLength(1);
      expect(marksOf(await catalog.load('users'))).toEqual(winners);
    });

    test('swap.moves on, past ten', async () => {
      const catalog = await make();
      await catalog.create('users', metadata('0'));
      const marks = Array.from({ length: 12 }, (_, i) => `${i}`);
      for (const mark of marks.slice(1)) {
        const base = await catalog.load('users');
        if (!base) throw new Error('lost');
        const swapped = await catalog.swap('users', base.pointer, metadata(mark, base));
        const now = await catalog.load('users');
        expect(swapped).toEqual({ swapped: true, pointer: now?.pointer });
        expect(now?.pointer.version).toBeGreaterThan(base.pointer.version);
      }
      expect(marksOf(await catalog.load('users'))).toEqual(marks);
    });

    test('swap.is refused when the base is no longer the newest', async () => {
      const catalog = await make();
      await catalog.create('users', metadata('first'));
      const base = await catalog.load('users');
      if (!base) throw new Error('lost');
      expect((await catalog.swap('users', base.pointer, metadata('second', base))).swapped).toBe(true);
      expect(await catalog.swap('users', base.pointer, metadata('late', base))).toEqual({ swapped: false });
      expect(marksOf(await catalog.load('users'))).toEqual(['first', 'second']);
    });

    test('swap.is refused when there is no such table', async () => {
      const catalog = await make();
      await catalog.create('users', metadata('first'));
      const base = await catalog.load('users');
      if (!base) throw new Error('lost');
      expect(await catalog.swap('orders', base.pointer, metadata('x', base))).toEqual({ swapped: false });
      expect(await catalog.load('orders')).toBeUndefined();
    });

    test('swap.races lose nothing and double nothing', async () => {
      const catalog = await make();
      await catalog.create('users', metadata('first'));
      const marks = Array.from({ length: 8 }, (_, i) => `w${i}`);
      await Promise.all(marks.map(mark => commit(catalog, 'users', mark)));
      expect([...(marksOf(await catalog.load('users')) ?? [])].sort()).toEqual(['first', ...marks]);
    });

    test('list.names every table', async () => {
      const catalog = await make();
      for (const table of ['users', 'a', 'users_deltas', 'users0'])
        await catalog.create(table, metadata(table));
      expect((await catalog.list()).sort()).toEqual(['a', 'users', 'users0', 'users_deltas']);
      expect(marksOf(await catalog.load('users_deltas'))).toEqual(['users_deltas']);
    });
  });
}
