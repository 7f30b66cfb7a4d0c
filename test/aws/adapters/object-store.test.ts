import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  type DeleteObjectsCommandInput,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type ObjectIdentifier,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { s3Store } from '../../../lib/adapters/aws/object-store';
import type { ObjectRange, ObjectStore } from '../../../lib/ports/object-store';
import { objectStoreContract } from '../../contracts/object-store.contract';
import { MOTO, standIn } from '../endpoints';
import { type Fault, refusal, reset, withFaults } from './faults';

// The last tries of those that give up would wait for seconds.
jest.mock('../../../lib/adapters/aws/backoff', () => {
  const { pause } = jest.requireActual('../../../lib/adapters/aws/backoff');
  return { pause: (attempt: number) => pause(Math.min(attempt, 2)) };
});

const BUCKET = `stores-${randomUUID()}`;
const MIB = 1 << 20;

const clients: S3Client[] = [];
function newClient(maxAttempts = 3): S3Client {
  const client = new S3Client({ ...standIn(MOTO), forcePathStyle: true, maxAttempts });
  clients.push(client);
  return client;
}
const client = newClient();

beforeAll(() => client.send(new CreateBucketCommand({ Bucket: BUCKET })));
afterAll(() => {
  for (const each of clients) each.destroy();
});

const freshStore = (of = client): ObjectStore => s3Store(of, { bucket: BUCKET, prefix: `p/${randomUUID()}` });

objectStoreContract('S3', async () => freshStore(), 8);

/** A store over a client whose requests meet faults, and one below the same prefix whose requests do not. */
function faulty(
  plan: (command: string, nth: number, input: Record<string, unknown>) => Fault,
  maxAttempts = 3,
) {
  const prefix = randomUUID();
  const broken = newClient(maxAttempts);
  const calls = withFaults(broken, plan);
  const at = { bucket: BUCKET, prefix };
  return { store: s3Store(broken, at), sound: s3Store(client, at), calls };
}

const text = (content: string) => Buffer.from(content);
const string = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

async function* mixed(parts: (Uint8Array | ObjectRange)[]): AsyncIterable<Uint8Array | ObjectRange> {
  yield* parts;
}

async function keys(store: ObjectStore, prefix = '', after?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix, after)) found.push(key);
  return found;
}

async function streamed(store: ObjectStore, key: string, etag: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of store.stream(key, etag)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function uploadsLeft(): Promise<number> {
  return ((await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))).Uploads ?? []).length;
}

describe('composition', () => {
  const [a, b] = [randomBytes(17 * MIB + 3), randomBytes(6 * MIB + 1)];

  test.each<[string, (Uint8Array | ObjectRange)[], string[]]>([
    [
      'three ranges among bytes',
      [
        text('PAR1'),
        { key: 'a', start: 5, end: 12 * MIB },
        text('middle'),
        { key: 'b', start: 0, end: 6 * MIB },
        { key: 'a', start: 16 * MIB, end: 17 * MIB + 3 },
        text('footer'),
      ],
      // "PAR1" takes what it lacks from the head of the first range; "middle" from the whole second one.
      ['sent 5242880', `copied ${7 * MIB - 1}`, `sent ${7 * MIB + 15}`],
    ],
    [
      'a large range after a magic',
      [text('PAR1'), { key: 'a', start: 4, end: 17 * MIB }, text('footer')],
      ['sent 5242880', `copied ${12 * MIB}`, 'sent 6'],
    ],
    [
      'neighbours',
      [
        { key: 'a', start: 0, end: 3 * MIB },
        { key: 'a', start: 3 * MIB, end: 9 * MIB },
        { key: 'a', start: 9 * MIB, end: 17 * MIB },
      ],
      [`copied ${17 * MIB}`],
    ],
    [
      'a small range at the end',
      [randomBytes(9 * MIB), { key: 'b', start: 1, end: 5 }],
      [`sent ${8 * MIB}`, `sent ${MIB + 4}`],
    ],
    [
      'bytes alone',
      [randomBytes(20 * MIB), randomBytes(1)],
      [`sent ${8 * MIB}`, `sent ${8 * MIB}`, `sent ${4 * MIB + 1}`],
    ],
  ])('multipart.%s: byte-equal, in parts that S3 takes', async (_, body, parts) => {
    const seen: string[] = [];
    const { store, sound, calls } = faulty((command, _nth, input) => {
      if (command === 'UploadPart') seen.push(`sent ${(input.Body as Uint8Array).length}`);
      const range = /^bytes=(\d+)-(\d+)$/.exec(String(input.CopySourceRange));
      if (range) seen.push(`copied ${Number(range[2]) - Number(range[1]) + 1}`);
      return 'none';
    });
    await sound.putIfAbsent('a', a);
    await sound.putIfAbsent('b', b);
    const of = (range: ObjectRange) => (range.key === 'a' ? a : b).subarray(range.start, range.end);
    const expected = Buffer.concat(body.map(part => (part instanceof Uint8Array ? part : of(part))));
    expect(await store.putIfAbsent('out', mixed(body))).toBe(true);
    expect(expected.equals((await sound.get('out'))!)).toBe(true);
    expect(seen).toEqual(parts);
    expect(calls.get('CompleteMultipartUpload')).toBe(1);
    expect(await store.putIfAbsent('out', mixed(body))).toBe(false);
    expect(expected.equals((await sound.get('out'))!)).toBe(true);
    expect(await uploadsLeft()).toBe(0);
  });

  test('multipart.copies do not come through the writer', async () => {
    const { store, sound, calls } = faulty(() => 'none');
    await sound.putIfAbsent('a', a);
    await store.putIfAbsent(
      'out',
      mixed([
        { key: 'a', start: 0, end: 9 * MIB },
        { key: 'a', start: 9 * MIB, end: 17 * MIB },
      ]),
    );
    expect(Object.fromEntries(calls)).toEqual({
      HeadObject: 1,
      CreateMultipartUpload: 1,
      UploadPartCopy: 1,
      CompleteMultipartUpload: 1,
    });
  });

  test('multipart.an 8 MiB body is one request', async () => {
    const { store, calls } = faulty(() => 'none');
    expect(await store.putIfAbsent('out', randomBytes(8 * MIB))).toBe(true);
    expect(Object.fromEntries(calls)).toEqual({ PutObject: 1 });
  });

  test('multipart.a failure takes the parts back', async () => {
    const { store, sound } = faulty(() => 'none');
    const body = async function* () {
      yield randomBytes(20 * MIB);
      throw new Error('source gone');
    };
    await expect(store.putIfAbsent('out', body())).rejects.toThrow('source gone');
    await sound.put('short', text('x'));
    const range = { key: 'short', start: 0, end: 6 * MIB };
    await expect(store.putIfAbsent('out', mixed([range]))).rejects.toThrow('TM_5002');
    await expect(store.putIfAbsent('out', mixed([{ ...range, key: 'none' }]))).rejects.toThrow('TM_5002');
    expect(await keys(sound)).toEqual(['short']);
    expect(await uploadsLeft()).toBe(0);
  });

  test('multipart.a source that changes under the copy is refused', async () => {
    const { store, sound } = faulty(command =>
      command === 'UploadPartCopy' ? refusal('PreconditionFailed', 412) : 'none',
    );
    await sound.putIfAbsent('a', a);
    await expect(store.putIfAbsent('out', mixed([{ key: 'a', start: 0, end: 6 * MIB }]))).rejects.toThrow(
      'TM_5003',
    );
    expect(await keys(sound)).toEqual(['a']);
  });

  test('multipart.a racing upload loses to what stands', async () => {
    const store = freshStore();
    const bodies = Array.from({ length: 3 }, () => randomBytes(9 * MIB));
    const won = await Promise.all(bodies.map(body => store.putIfAbsent('out', body)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(bodies[won.indexOf(true)]!.equals((await store.get('out'))!)).toBe(true);
    expect(await uploadsLeft()).toBe(0);
  });
});

describe('lost answers', () => {
  test.each([1, 3])('put.ours stands: true (%d tries of the SDK)', async attempts => {
    const { store, sound } = faulty(
      (command, nth) => (command === 'PutObject' && nth === 1 ? 'lost' : 'none'),
      attempts,
    );
    expect(await store.putIfAbsent('a', text('ours'))).toBe(true);
    expect(string(await sound.get('a'))).toBe('ours');
  });

  test('put.the same bytes of another writer are not ours', async () => {
    const { store, sound } = faulty(
      (command, nth) => (command === 'PutObject' && nth === 1 ? reset() : 'none'),
      1,
    );
    await sound.putIfAbsent('a', text('same'));
    expect(await store.putIfAbsent('a', text('same'))).toBe(false);
  });

  test('put.that never arrived is put again', async () => {
    const { store, sound, calls } = faulty(
      (command, nth) => (command === 'PutObject' && nth < 4 ? reset() : 'none'),
      1,
    );
    expect(await store.putIfAbsent('a', text('ours'))).toBe(true);
    expect(string(await sound.get('a'))).toBe('ours');
    expect(calls.get('PutObject')).toBe(4);
  });

  test.each([
    ['409, and nothing stands', refusal('ConditionalRequestConflict', 409), undefined, true],
    ['409, and another stands', refusal('ConditionalRequestConflict', 409), 'theirs', false],
    ['412, and what stood is gone', refusal('PreconditionFailed', 412), undefined, true],
    ['503', refusal('SlowDown', 503), undefined, true],
  ])('put.%s', async (_, error, standing, expected) => {
    const { store, sound } = faulty(
      (command, nth) => (command === 'PutObject' && nth === 1 ? error : 'none'),
      1,
    );
    if (standing) await sound.put('a', text(standing));
    expect(await store.putIfAbsent('a', text('ours'))).toBe(expected);
    expect(string(await sound.get('a'))).toBe(expected ? 'ours' : standing);
  });

  test('put.gives up after a finite number of tries', async () => {
    const { store, calls } = faulty(
      command => (command === 'PutObject' ? refusal('ConditionalRequestConflict', 409) : 'none'),
      1,
    );
    await expect(store.putIfAbsent('a', text('ours'))).rejects.toThrow('TM_5205');
    expect(calls.get('PutObject')).toBe(8);
  });

  test.each([1, 3])('complete.ours stands: true (%d tries of the SDK)', async attempts => {
    const body = randomBytes(9 * MIB);
    const { store, sound } = faulty(
      (command, nth) => (command === 'CompleteMultipartUpload' && nth === 1 ? 'lost' : 'none'),
      attempts,
    );
    expect(await store.putIfAbsent('a', body)).toBe(true);
    expect(body.equals((await sound.get('a'))!)).toBe(true);
  });

  test('complete.409 with nothing there is for the caller, and leaves nothing', async () => {
    const { store, sound } = faulty(command =>
      command === 'CompleteMultipartUpload' ? refusal('ConditionalRequestConflict', 409) : 'none',
    );
    await expect(store.putIfAbsent('a', randomBytes(9 * MIB))).rejects.toThrow('TM_5201');
    expect(await keys(sound)).toEqual([]);
    expect(await uploadsLeft()).toBe(0);
  });
});

describe('races', () => {
  test('put.20 writers, one winner', async () => {
    const store = freshStore();
    const bodies = Array.from({ length: 20 }, (_, i) => `body ${i}`);
    const won = await Promise.all(bodies.map(body => store.putIfAbsent('a', text(body))));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(string(await store.get('a'))).toBe(bodies[won.indexOf(true)]);
  });

  test('put.20 writers whose answers get lost, one winner', async () => {
    let n = 0;
    const { store, sound } = faulty(
      command => (command === 'PutObject' && n++ % 3 !== 2 ? 'lost' : 'none'),
      2,
    );
    const bodies = Array.from({ length: 20 }, (_, i) => `body ${i}`);
    const won = await Promise.all(bodies.map(body => store.putIfAbsent('a', text(body))));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(string(await sound.get('a'))).toBe(bodies[won.indexOf(true)]);
  });
});

describe('reading', () => {
  /** Cuts the first bodies of GetObject off in the middle. */
  function cutting(times: number) {
    const prefix = randomUUID();
    const broken = newClient();
    const ranges: unknown[] = [];
    broken.middlewareStack.add(
      (next, context) => async args => {
        const answer = await next(args);
        if (context.commandName !== 'GetObjectCommand') return answer;
        ranges.push((args.input as { Range?: string }).Range);
        if (ranges.length > times) return answer;
        const output = answer.output as unknown as { Body: Readable; ContentLength: number };
        const whole = output.Body.on('error', () => undefined);
        const half = (async function* () {
          let left = Math.ceil(output.ContentLength / 2);
          for await (const piece of whole) {
            if (piece.length >= left) break;
            left -= piece.length;
            yield piece;
          }
          throw reset();
        })();
        const transformToByteArray = () => Promise.reject(reset());
        Object.assign(output, { Body: Object.assign(Readable.from(half), { transformToByteArray }) });
        return answer;
      },
      { step: 'initialize', name: 'cut' },
    );
    const at = { bucket: BUCKET, prefix };
    return { store: s3Store(broken, at), sound: s3Store(client, at), ranges };
  }
  const body = randomBytes(3 * MIB);

  test('stream.goes on where it broke off', async () => {
    const { store, sound, ranges } = cutting(2);
    await sound.put('a', body);
    const { etag } = (await sound.head('a'))!;
    expect(body.equals(await streamed(store, 'a', etag))).toBe(true);
    expect(ranges).toEqual([
      undefined,
      expect.stringMatching(/^bytes=[1-9]\d*-$/),
      expect.stringMatching(/^bytes=\d+-$/),
    ]);
  });

  test('stream.an object replaced in the middle is changed', async () => {
    const { store, sound } = cutting(1);
    await sound.put('a', body);
    const { etag } = (await sound.head('a'))!;
    const read = async () => {
      for await (const _ of store.stream('a', etag)) await sound.put('a', text('other'));
    };
    await expect(read()).rejects.toThrow('TM_5003');
  });

  test('stream.left early ends its connection, and nothing else', async () => {
    const store = freshStore();
    await store.putIfAbsent('a', randomBytes(8 * MIB));
    const { etag } = (await store.head('a'))!;
    for (let i = 0; i < 5; i++) for await (const _ of store.stream('a', etag)) break;
    await setTimeout(200);
    expect((await streamed(store, 'a', etag)).length).toBe(8 * MIB);
  });

  test('stream.gives up after a finite number of tries', async () => {
    const { store, sound, ranges } = cutting(100);
    await sound.put('a', text('x'));
    const { etag } = (await sound.head('a'))!;
    await expect(streamed(store, 'a', etag)).rejects.toThrow('TM_5201');
    expect(ranges).toHaveLength(6);
  });

  test('get and range.ask again for a body that broke off', async () => {
    const { store, sound } = cutting(2);
    await sound.put('a', body);
    expect(body.equals((await store.get('a'))!)).toBe(true);
    const again = cutting(1);
    await again.sound.put('a', body);
    expect(body.subarray(5, 2 * MIB).equals(await again.store.range('a', 5, 2 * MIB))).toBe(true);
  });

  test('missing.a 403 is never taken for absent', async () => {
    const { store } = faulty(command => (/Get|Head/.test(command) ? refusal('AccessDenied', 403) : 'none'));
    const asked = [
      () => store.get('a'),
      () => store.head('a'),
      () => store.range('a', 0, 1),
      () => streamed(store, 'a', 'e'),
    ];
    for (const ask of asked) {
      await expect(ask()).rejects.toThrow(/TM_5202.*missing, or access to it is refused.*ListBucket/);
    }
  });

  test('missing.a bucket that is gone is no missing object', async () => {
    const store = s3Store(client, { bucket: `none-${randomUUID()}` });
    await expect(store.get('a')).rejects.toThrow('TM_5206');
    await expect(keys(store)).rejects.toThrow('TM_5206');
  });

  test('etag.is S3’s without quotes', async () => {
    const store = freshStore();
    await store.put('a', text('abc'));
    expect((await store.head('a'))?.etag).toBe('900150983cd24fb0d6963f7d28e17f72');
  });
});

describe('deleteMany', () => {
  /** A store of which some keys are refused by themselves, within an answer that is no error. */
  function refusing(codeOf: (key: string, nth: number) => string | undefined) {
    const at = { bucket: BUCKET, prefix: randomUUID() };
    const broken = newClient();
    let nth = 0;
    broken.middlewareStack.add(
      (next, context) => async args => {
        if (context.commandName !== DeleteObjectsCommand.name) return next(args);
        nth++;
        const input = args.input as DeleteObjectsCommandInput;
        const Objects = input.Delete?.Objects ?? [];
        const code = ({ Key = '' }: ObjectIdentifier) => codeOf(Key.slice(Key.lastIndexOf('/') + 1), nth);
        // S3 takes no empty list.
        const fine = [...Objects.filter(object => !code(object)), { Key: 'no-such-object' }];
        const Errors = Objects.filter(code).map(o => ({ Key: o.Key, Code: code(o), Message: 'simulated' }));
        const answer = await next({ ...args, input: { ...input, Delete: { Objects: fine, Quiet: true } } });
        return { ...answer, output: { ...answer.output, Errors } as typeof answer.output };
      },
      { step: 'initialize' },
    );
    return { store: s3Store(broken, at), sound: s3Store(client, at) };
  }

  test('what is refused is named with the reason, and the rest goes', async () => {
    const { store, sound } = refusing(key => (key === 'denied' ? 'AccessDenied' : undefined));
    for (const key of ['a', 'denied', 'z']) await sound.put(key, text('x'));
    expect(await store.deleteMany(['a', 'denied', 'z'])).toEqual([
      { key: 'denied', reason: 'AccessDenied: simulated' },
    ]);
    expect(await keys(sound)).toEqual(['denied']);
  });

  test('what S3 was too busy for is asked again', async () => {
    const { store, sound } = refusing((key, nth) =>
      (key === 'busy' && nth < 3) || key === 'failing' ? 'SlowDown' : undefined,
    );
    for (const key of ['a', 'busy', 'failing']) await sound.put(key, text('x'));
    expect(await store.deleteMany(['a', 'busy', 'failing'])).toEqual([
      { key: 'failing', reason: 'SlowDown: simulated' },
    ]);
    expect(await keys(sound)).toEqual(['failing']);
  });

  test('a call that fails whole says so; one whose answer is lost is made again', async () => {
    const denied = faulty(() => refusal('AccessDenied', 403));
    await expect(denied.store.deleteMany(['a'])).rejects.toMatchObject({ code: 'TM_5202' });
    const lost = faulty((command, nth) => (command === 'DeleteObjects' && nth === 1 ? 'lost' : 'none'));
    await lost.sound.put('a', text('x'));
    expect(await lost.store.deleteMany(['a', 'b'])).toEqual([]);
    expect(await keys(lost.sound)).toEqual([]);
    expect(lost.calls.get('DeleteObjects')).toBe(2);
  });

  test('a thousand objects are one call', async () => {
    const { store, sound, calls } = faulty(() => 'none');
    const names = Array.from({ length: 30 }, (_, i) => `n-${i}`);
    for (const key of names) await sound.put(key, text('x'));
    expect(await store.deleteMany([...names, ...Array.from({ length: 970 }, (_, i) => `m-${i}`)])).toEqual(
      [],
    );
    expect(await keys(sound)).toEqual([]);
    expect([...calls]).toEqual([['DeleteObjects', 1]]);
  });
});

describe('names', () => {
  test('uri.of a bucket, and below a prefix', () => {
    expect(s3Store(client, { bucket: 'b' }).uri('t/data/a b%.parquet')).toBe('s3://b/t/data/a b%.parquet');
    expect(s3Store(client, { bucket: 'b', prefix: '/x/y/' }).uri('t')).toBe('s3://b/x/y/t');
    expect(s3Store(client, { bucket: 'b', prefix: 'x' }).keyOf('s3://b/x/t/1')).toBe('t/1');
    for (const uri of ['s3://b/xt/1', 's3://c/x/t', 's3://b/x/../t', 's3a://b/x/t']) {
      expect(() => s3Store(client, { bucket: 'b', prefix: 'x' }).keyOf(uri)).toThrow('TM_5001');
    }
  });

  test('list.pages, and leaves out what no key names', async () => {
    const prefix = randomUUID();
    const small = newClient();
    small.middlewareStack.add(
      (next, context) => args =>
        next(
          context.commandName === ListObjectsV2Command.name
            ? { ...args, input: { ...args.input, MaxKeys: 2 } as typeof args.input }
            : args,
        ),
      { step: 'initialize' },
    );
    const store = s3Store(small, { bucket: BUCKET, prefix });
    const ordered = ['a b', 'a+b', 'a/%41', 'a/é', 'a/\u0001', 'b'].sort();
    for (const key of ordered) await store.put(key, text(key));
    for (const Key of [`${prefix}/`, `${prefix}/a/`, `${prefix}x`]) {
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: new Uint8Array() }));
    }
    expect((await keys(store)).sort()).toEqual(ordered);
    expect(await keys(store, 'a ')).toEqual(['a b']);
    expect(await keys(store, '', 'a/é')).toEqual(['b']);
  });
});
