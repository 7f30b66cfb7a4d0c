import fc from 'fast-check';
import type { ChangeStream, StreamPut, StreamRecord, WatchedStream } from '../../lib/ports/change-stream';

/** A stream to test, and how its keys are spread anew over other shards. */
export interface StreamUnderTest {
  readonly stream: ChangeStream & WatchedStream;
  /** Closes a shard; others take its keys. */
  reshard(): Promise<void>;
}

const bytes = (text: string) => Buffer.from(text);
const textOf = (record: StreamRecord) => Buffer.from(record.data).toString();

/** As numbers are compared where they do not fit a number. */
const padded = (sequence: string) => sequence.padStart(60, '0');

/** All records of all shards, parents first, `page` at a time. */
async function readAll(stream: ChangeStream, page: number): Promise<StreamRecord[]> {
  const records: StreamRecord[] = [];
  for (const { id } of await stream.shards()) {
    for (let after: string | undefined; ; ) {
      const found = await stream.read(id, after, page);
      if (found.length === 0) break;
      expect(found.length).toBeLessThanOrEqual(page);
      records.push(...found);
      after = found.at(-1)!.sequence;
    }
  }
  return records;
}

const ofKey = (records: readonly StreamRecord[], key: string) =>
  records.filter(r => r.key === key).map(textOf);

/** What every ChangeStream does. `make` gives an empty one of two shards each time. */
export function changeStreamContract(name: string, make: () => Promise<StreamUnderTest>, runs = 30): void {
  describe(`${name}: the ChangeStream contract`, () => {
    test('put.read gives key, bytes and arrival, and nothing of other shards', async () => {
      const { stream } = await make();
      const before = Date.now() - 60_000;
      const data = Uint8Array.from([0, 255, 10, 13, 128]);
      await stream.put([{ key: 'k', data }]);
      const shards = await stream.shards();
      expect(shards.length).toBe(2);
      const read = await Promise.all(shards.map(({ id }) => stream.read(id, undefined, 10)));
      const found = read.flat();
      expect(found.length).toBe(1);
      expect(found[0]!.key).toBe('k');
      expect([...found[0]!.data]).toEqual([...data]);
      expect(found[0]!.arrivedAt).toBeGreaterThan(before);
      expect(shards.map(s => s.id)).toContain(found[0]!.shard);
    });

    test('put.order is kept per key, whatever the sizes of puts and pages', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'é'), { maxLength: 30 }), { maxLength: 4 }),
          fc.integer({ min: 1, max: 7 }),
          async (puts, page) => {
            const { stream } = await make();
            const sent: StreamPut[] = [];
            for (const keys of puts) {
              const records = keys.map((key, i) => ({ key, data: bytes(`${sent.length + i}`) }));
              sent.push(...records);
              await stream.put(records);
            }
            const read = await readAll(stream, page);
            expect(read.length).toBe(sent.length);
            for (const { key } of sent)
              expect(ofKey(read, key)).toEqual(
                sent.filter(r => r.key === key).map(r => Buffer.from(r.data).toString()),
              );
          },
        ),
        { numRuns: runs },
      );
    });

    test('read.sequence grows within a shard, as zero-padded text', async () => {
      const { stream } = await make();
      for (let i = 0; i < 12; i++) await stream.put([{ key: `${i}`, data: bytes('x') }]);
      for (const { id } of await stream.shards()) {
        const found = await stream.read(id, undefined, 100);
        for (const r of found) expect(r.sequence).toMatch(/^\d{1,56}$/);
        const sequences = found.map(r => padded(r.sequence));
        expect(sequences).toEqual([...new Set(sequences)].sort());
      }
    });

    test('read.after goes on behind a record, and ends at the newest', async () => {
      const { stream } = await make();
      await stream.put(['1', '2', '3'].map(n => ({ key: 'k', data: bytes(n) })));
      const [first] = await readAll(stream, 10);
      const { shard } = first!;
      const rest = await stream.read(shard, first!.sequence, 10);
      expect(rest.map(textOf)).toEqual(['2', '3']);
      expect(await stream.read(shard, rest[1]!.sequence, 10)).toEqual([]);
      await stream.put([{ key: 'k', data: bytes('4') }]);
      expect((await stream.read(shard, rest[1]!.sequence, 10)).map(textOf)).toEqual(['4']);
    });

    test('put.empty puts nothing', async () => {
      const { stream } = await make();
      await stream.put([]);
      expect(await readAll(stream, 10)).toEqual([]);
    });

    test('put.limits: a record too large or without a key is refused, and none of its call is put', async () => {
      const { stream } = await make();
      const good = { key: 'good', data: bytes('x') };
      for (const bad of [
        { key: '', data: bytes('x') },
        { key: 'k'.repeat(257), data: bytes('x') },
        { key: 'k', data: new Uint8Array(1 << 20) },
      ])
        await expect(stream.put([good, bad])).rejects.toMatchObject({ code: 'TM_5006' });
      expect(await readAll(stream, 10)).toEqual([]);
    });

    test('put.large: the largest records, more than one call takes', async () => {
      const { stream } = await make();
      const data = new Uint8Array((1 << 20) - 2).fill(7);
      await stream.put(Array.from({ length: 12 }, (_, i) => ({ key: String(10 + i), data })));
      const read = await readAll(stream, 10);
      expect(read.map(r => r.data.length)).toEqual(Array(12).fill(data.length));
    });

    test('put.many: more records than one call takes', async () => {
      const { stream } = await make();
      const sent = Array.from({ length: 1203 }, (_, i) => ({ key: `k${i % 601}`, data: bytes(`${i}`) }));
      await stream.put(sent);
      const read = await readAll(stream, 1000);
      expect(read.length).toBe(sent.length);
      for (let k = 0; k < 601; k += 50)
        expect(ofKey(read, `k${k}`)).toEqual([k, k + 601, k + 1202].filter(n => n < 1203).map(String));
    });

    test('look.tip: what comes after a record, and how far from the newest that ends', async () => {
      const { stream } = await make();
      const data = bytes('x');
      for (let i = 0; i < 3; i++) await stream.put([{ key: 'k', data }]);
      const shards = await stream.shards();
      const looks = await Promise.all(shards.map(({ id }) => stream.look(id, undefined, 10)));
      const filled = looks.findIndex(({ records }) => records.length > 0);
      const shard = shards[filled]!.id;
      const all = looks[filled]!.records;
      expect(all.map(r => r.sequence)).toEqual(
        (await stream.read(shard, undefined, 10)).map(r => r.sequence),
      );
      expect(looks.map(({ behindMs }) => behindMs)).toEqual([0, 0]);
      const { records } = await stream.look(shard, all[0]!.sequence, 1);
      expect(records.map(r => r.sequence)).toEqual([all[1]!.sequence]);
      expect(await stream.look(shard, all[2]!.sequence, 10)).toEqual({ records: [], behindMs: 0 });
    });

    test('shards.parents come before their children, closed ones are listed', async () => {
      const { stream, reshard } = await make();
      await reshard();
      await reshard();
      const shards = await stream.shards();
      expect(shards.length).toBeGreaterThanOrEqual(4);
      const at = (id: string) => shards.findIndex(s => s.id === id);
      const parents = shards.flatMap(s => s.parents.map(parent => [at(parent), at(s.id)] as const));
      expect(parents.length).toBeGreaterThanOrEqual(2);
      for (const [parent, child] of parents) {
        expect(parent).toBeGreaterThanOrEqual(0);
        expect(parent).toBeLessThan(child);
      }
      const sent = Array.from({ length: 40 }, (_, i) => ({ key: `k${i % 8}`, data: bytes(`${i}`) }));
      await stream.put(sent);
      const read = await readAll(stream, 7);
      expect(read.length).toBe(40);
      for (let k = 0; k < 8; k++)
        expect(ofKey(read, `k${k}`)).toEqual([0, 8, 16, 24, 32].map(n => `${n + k}`));
    });
  });
}
