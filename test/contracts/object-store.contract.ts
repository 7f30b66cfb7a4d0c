import fc from 'fast-check';
import {
  DELETE_KEYS_MAX,
  type ObjectInfo,
  type ObjectRange,
  type ObjectStore,
} from '../../lib/ports/object-store';

/** What every ObjectStore does. `make` gives an empty store each time; `runs` is for stores that are slow. */
export function objectStoreContract(name: string, make: () => Promise<ObjectStore>, runs = 25): void {
  describe(`${name}: the ObjectStore contract`, () => {
    test('uri.back to its key', async () => {
      const store = await make();
      expect(store.keyOf(store.uri('t/metadata/v1 %20é.json'))).toBe('t/metadata/v1 %20é.json');
      expect(() => store.keyOf(`${store.uri('t')}/../../x`)).toThrow('TM_5001');
      expect(() => store.keyOf('elsewhere://x/y')).toThrow('TM_5001');
    });

    test.each(['', '/a', 'a/', 'a//b', '.', '..', 'a/../b', './a', 'a\0b', '\ud800', 'x'.repeat(1025)])(
      'key.%j is refused',
      async key => {
        const store = await make();
        expect(() => store.uri(key)).toThrow('TM_5001');
        const asked = [
          () => store.get(key),
          () => store.head(key),
          () => store.range(key, 0, 0),
          () => store.delete(key),
        ];
        for (const ask of asked) {
          await expect(ask()).rejects.toThrow('TM_5001');
        }
        await expect(store.putIfAbsent(key, text('x'))).rejects.toThrow('TM_5001');
        await expect(store.put(key, text('x'))).rejects.toThrow('TM_5001');
        await store.put('stays', text('x'));
        await expect(store.deleteMany(['stays', key])).rejects.toThrow('TM_5001');
        expect(await keys(store, '')).toEqual(['stays']);
      },
    );

    test('missing.is undefined, and deletes', async () => {
      const store = await make();
      expect(await store.get('a/b')).toBeUndefined();
      expect(await store.head('a/b')).toBeUndefined();
      await store.delete('a/b');
      expect(await keys(store, '')).toEqual([]);
    });

    test('deleteMany.deletes what is named, and is content with what is not there', async () => {
      const store = await make();
      const named = ['a/b', 'a/b-', 'a/<&"\'>', 'a/ +%41é', 'a/\u{1f600}', 'a/\u0001', 'c'];
      const others = ['a/b0', 'a/c/b', 'd'];
      for (const key of [...named, ...others]) await store.put(key, text('x'));
      expect(await store.deleteMany([...named, 'a/missing', 'a/b/c', 'a'])).toEqual([]);
      expect(await keys(store, '')).toEqual(others);
      expect(await store.deleteMany([])).toEqual([]);
      expect(await store.deleteMany(named)).toEqual([]);
      expect(await store.putIfAbsent('a/b', text('again'))).toBe(true);
    });

    test('deleteMany.takes up to its limit', async () => {
      const store = await make();
      await store.put('last', text('x'));
      const missing = Array.from({ length: DELETE_KEYS_MAX - 1 }, (_, i) => `missing-${i}`);
      await expect(store.deleteMany(['last', ...missing, 'one-more'])).rejects.toThrow(RangeError);
      expect(await keys(store, '')).toEqual(['last']);
      expect(await store.deleteMany(['last', ...missing])).toEqual([]);
      expect(await keys(store, '')).toEqual([]);
    });

    test('putIfAbsent.keeps what stands', async () => {
      const store = await make();
      expect(await store.putIfAbsent('a/b', text('first'))).toBe(true);
      expect(await store.putIfAbsent('a/b', text('second'))).toBe(false);
      expect(string(await store.get('a/b'))).toBe('first');
      await store.delete('a/b');
      expect(await store.putIfAbsent('a/b', text('third'))).toBe(true);
    });

    test('putIfAbsent.has one winner, whose bytes stand', async () => {
      const store = await make();
      const bodies = Array.from({ length: 12 }, (_, i) => `body ${i}`);
      const won = await Promise.all(bodies.map(body => store.putIfAbsent('a/b', text(body))));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(string(await store.get('a/b'))).toBe(bodies[won.indexOf(true)]);
    });

    test('putIfAbsent.takes pieces, and nothing of a body that fails', async () => {
      const store = await make();
      expect(await store.putIfAbsent('whole', pieces(['ab', '', 'cde']))).toBe(true);
      expect(string(await store.get('whole'))).toBe('abcde');
      expect(await store.putIfAbsent('none', pieces([]))).toBe(true);
      expect((await store.head('none'))?.size).toBe(0);
      await expect(store.putIfAbsent('torn', pieces(['ab'], new Error('source gone')))).rejects.toThrow(
        'source gone',
      );
      expect(await keys(store, '')).toEqual(['none', 'whole']);
      expect(await store.putIfAbsent('torn', text('again'))).toBe(true);
    });

    test('putIfAbsent.copies ranges among pieces', async () => {
      const store = await make();
      await store.put('digits', text('0123456789'));
      await store.put('a/letters', text('abcdef'));
      const range = (key: string, start: number, end: number): ObjectRange => ({ key, start, end });
      const body = mixed([
        text('<'),
        range('digits', 0, 3),
        range('digits', 3, 5),
        text('|'),
        range('a/letters', 5, 6),
        range('digits', 0, 10),
        text(''),
        range('a/letters', 0, 1),
      ]);
      expect(await store.putIfAbsent('joined', body)).toBe(true);
      expect(string(await store.get('joined'))).toBe('<01234|f0123456789a');
      expect(await store.putIfAbsent('joined', mixed([range('digits', 0, 3)]))).toBe(false);
      expect(string(await store.get('joined'))).toBe('<01234|f0123456789a');
    });

    test.each([
      ['of a missing object', 'none', 0, 1, 'TM_5002'],
      ['past the end', 'digits', 8, 11, 'TM_5002'],
      ['of no key', '../digits', 0, 1, 'TM_5001'],
    ])('putIfAbsent.a range %s writes nothing', async (_, key, start, end, code) => {
      const store = await make();
      await store.put('digits', text('0123456789'));
      await expect(store.putIfAbsent('a', mixed([text('x'), { key, start, end }]))).rejects.toThrow(code);
      expect(await keys(store, '')).toEqual(['digits']);
    });

    test('putIfAbsent.of bodies in pieces has one winner', async () => {
      const store = await make();
      await store.put('digits', text('0123456789'));
      const body = (i: number) => mixed([text(`body ${i} `), { key: 'digits', start: i, end: 10 }]);
      const won = await Promise.all(Array.from({ length: 8 }, (_, i) => store.putIfAbsent('a/b', body(i))));
      expect(won.filter(Boolean)).toHaveLength(1);
      const winner = won.indexOf(true);
      expect(string(await store.get('a/b'))).toBe(`body ${winner} ${'0123456789'.slice(winner)}`);
    });

    test('bytes.are the caller’s own', async () => {
      const store = await make();
      const body = text('abc');
      await store.putIfAbsent('a', body);
      body.fill(0);
      (await store.get('a'))?.fill(0);
      (await store.range('a', 0, 2)).fill(0);
      expect(string(await store.get('a'))).toBe('abc');
    });

    test('range.within the object only', async () => {
      const store = await make();
      await store.put('a', text('0123456789'));
      expect(string(await store.range('a', 2, 5))).toBe('234');
      expect(string(await store.range('a', 0, 10))).toBe('0123456789');
      expect((await store.range('a', 10, 10)).length).toBe(0);
      await expect(store.range('a', 5, 11)).rejects.toThrow('TM_5002');
      await expect(store.range('a', -1, 2)).rejects.toThrow('TM_5002');
      await expect(store.range('b', 0, 0)).rejects.toThrow('TM_5002');
    });

    test('etag.changes with the bytes, and guards a stream', async () => {
      const store = await make();
      await store.put('a', text('one'));
      const first = await etag(store, 'a');
      expect(await etag(store, 'a')).toBe(first);
      expect((await all(store, 'a'))[0]?.etag).toBe(first);
      expect(await streamed(store, 'a', first)).toBe('one');
      await store.put('a', text('two'));
      expect(await etag(store, 'a')).not.toBe(first);
      await expect(streamed(store, 'a', first)).rejects.toThrow('TM_5003');
      await expect(streamed(store, 'missing', first)).rejects.toThrow('TM_5003');
    });

    test('stream.gives large objects in pieces', async () => {
      const store = await make();
      const body = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 31) % 251);
      await store.putIfAbsent('big', body);
      const read: Uint8Array[] = [];
      for await (const piece of store.stream('big', await etag(store, 'big'))) read.push(piece);
      expect(Buffer.concat(read).equals(body)).toBe(true);
    });

    test('list.in the order of UTF-8 bytes', async () => {
      const store = await make();
      // "-" and "." sort before "/", U+FFEE before U+1F600, though UTF-16 has it the other way round.
      const ordered = ['a-b', 'a.b', 'a/b', 'a/b0/c', 'a0', 'z\uffee/x', 'z\u{1f600}/x'];
      for (const key of [...ordered].reverse()) await store.put(key, text(key));
      expect(await keys(store, '')).toEqual(ordered);
      expect(await keys(store, 'a')).toEqual(ordered.slice(0, 5));
      expect(await keys(store, 'a/')).toEqual(['a/b', 'a/b0/c']);
      expect(await keys(store, 'a/b')).toEqual(['a/b', 'a/b0/c']);
      expect(await keys(store, 'none/')).toEqual([]);
      expect(await keys(store, 'a/b/')).toEqual([]);
      for (const [i, key] of ordered.entries())
        expect(await keys(store, '', key)).toEqual(ordered.slice(i + 1));
      expect(await keys(store, 'a/', 'a0')).toEqual([]);
      expect(await keys(store, 'a/', 'a')).toEqual(['a/b', 'a/b0/c']);
      for (const prefix of ['/', '../', 'a//', './x', '\0']) {
        await expect(keys(store, prefix)).rejects.toThrow('TM_5001');
      }
    });

    test('any history.is that of a map', async () => {
      const folder = fc.constantFrom('a', 'a-b', 'b', '\u{1f600}');
      const leaf = fc.constantFrom('a.c', 'f', 'f0', '\uff5e');
      const key = fc
        .tuple(fc.array(folder, { maxLength: 2 }), leaf)
        .map(([folders, file]) => [...folders, file].join('/'));
      const step = fc.record({
        op: fc.constantFrom('put', 'putIfAbsent', 'delete'),
        key,
        body: fc.uint8Array({ maxLength: 4 }),
      });
      const prefix = fc.tuple(key, fc.nat(6)).map(([k, n]) => [...k].slice(0, n).join(''));
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 20 }), prefix, key, async (steps, cut, after) => {
          const store = await make();
          const model = new Map<string, Uint8Array>();
          for (const { op, key: at, body } of steps) {
            if (op === 'delete') {
              await store.delete(at);
              model.delete(at);
            } else if (op === 'put') {
              await store.put(at, body);
              model.set(at, body);
            } else {
              expect(await store.putIfAbsent(at, body)).toBe(!model.has(at));
              if (!model.has(at)) model.set(at, body);
            }
          }
          const expected = [...model.keys()]
            .filter(at => at.startsWith(cut) && byUtf8(at, after) > 0)
            .sort(byUtf8);
          const listed = await all(store, cut, after);
          expect(listed.map(info => info.key)).toEqual(expected);
          for (const info of listed) expect(info).toEqual(await store.head(info.key));
          for (const [at, body] of model) expect(await store.get(at)).toEqual(new Uint8Array(body));
        }),
        { numRuns: runs },
      );
    });
  });
}

const byUtf8 = (a: string, b: string) => Buffer.from(a).compare(Buffer.from(b));
const text = (content: string) => new TextEncoder().encode(content);
const string = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

async function* pieces(parts: string[], failure?: Error): AsyncIterable<Uint8Array> {
  for (const part of parts) yield text(part);
  if (failure) throw failure;
}

async function* mixed(parts: (Uint8Array | ObjectRange)[]): AsyncIterable<Uint8Array | ObjectRange> {
  yield* parts;
}

async function all(store: ObjectStore, prefix: string, after?: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const info of store.list(prefix, after)) found.push(info);
  return found;
}

async function keys(store: ObjectStore, prefix: string, after?: string): Promise<string[]> {
  return (await all(store, prefix, after)).map(info => info.key);
}

async function etag(store: ObjectStore, key: string): Promise<string> {
  const info = await store.head(key);
  if (!info) throw new Error(`${key} is missing`);
  return info.etag;
}

async function streamed(store: ObjectStore, key: string, tag: string): Promise<string> {
  const read: Uint8Array[] = [];
  for await (const piece of store.stream(key, tag)) read.push(piece);
  return Buffer.concat(read).toString();
}
