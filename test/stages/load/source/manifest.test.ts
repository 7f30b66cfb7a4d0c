import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { localStore } from '../../../../lib/adapters/local/object-store';
import { memoryStore } from '../../../../lib/adapters/memory/object-store';
import type { ObjectStore } from '../../../../lib/ports/object-store';
import { fingerprintOf } from '../../../../lib/stages/load/source/fingerprint';
import { manifestSource } from '../../../../lib/stages/load/source/manifest';
import { writeManifest } from '../../../../lib/stages/load/source/write-manifest';
import { Duck } from '../../../parquet/files';
import { type OrdersCopy, putOrders } from '../../../support/copies';
import { SCRATCH } from '../../../support/scratch';

const folder = mkdtempSync(join(SCRATCH, 'tidemark-manifests-'));
let duck: Duck;
beforeAll(async () => {
  duck = await Duck.open();
});
afterAll(() => {
  duck.close();
  rmSync(folder, { recursive: true });
});
let stores = 0;
const folderStore = () => localStore(join(folder, String(stores++)));

const copyOf = (store: ObjectStore, summary: string) =>
  manifestSource(store, { table: 'orders', summary }).copyOf('orders');

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

/** The summary with some of it said otherwise. */
async function resay(store: ObjectStore, { summary, summaryKey }: OrdersCopy, other: object): Promise<void> {
  await store.put(summaryKey, Buffer.from(JSON.stringify({ ...summary, ...other })));
}

/** A manifest by another writer, without field ids. @param rows a VALUES list (uri, size, n_record, etag) */
async function foreign(store: ObjectStore, select: string): Promise<string> {
  const path = duck.path('manifest.parquet');
  await duck.rows(`COPY (${select}) TO '${path}' (FORMAT parquet, COMPRESSION snappy)`);
  await store.put('m.parquet', await readFile(path));
  return store.uri('m.parquet');
}

test.each<[string, () => ObjectStore]>([
  ['memory', () => memoryStore('mem://copies')],
  ['a folder', folderStore],
])('manifest.roundtrip on %s: what is written is read, in every format', async (_, open) => {
  const store = open();
  for (const format of ['parquet', 'csv', 'json'] as const) {
    const orders = await putOrders(store, { format, folder: format, gzip: format === 'json' });
    const copy = await copyOf(store, orders.summaryKey);
    expect(copy.files).toEqual(orders.files);
    expect(copy).toMatchObject({ format, rows: 1000, bytes: orders.bytes });
    expect(copy.fingerprint).toBe(orders.summary.fingerprint);
  }
});

test.each<[string, () => ObjectStore]>([
  ['memory', () => memoryStore('s3://copies')],
  ['a folder', folderStore],
])('manifest.beside on %s: a summary names it by its uri, or from its own folder', async (_, open) => {
  const store = open();
  const orders = await putOrders(store);
  const at = orders.summary.manifest.slice(store.uri('orders/x').length - 1);
  for (const manifest of [at, `./${at}`, `../orders/${at}`]) {
    await resay(store, orders, { manifest });
    expect((await copyOf(store, orders.summaryKey)).files).toEqual(orders.files);
  }
  await resay(store, orders, { manifest: 'elsewhere/m.parquet' });
  expect(await refusal(copyOf(store, orders.summaryKey))).toMatch(
    /^\[TM_2713\] the manifest is missing · .*orders\/elsewhere\/m\.parquet/,
  );
  await resay(store, orders, { manifest: '../../../../../../../../../../m.parquet' });
  expect(await refusal(copyOf(store, orders.summaryKey))).toMatch(/^\[TM_2713\]/);
});

test('manifest.form: Parquet rows {uri, size, n_record, etag} as DuckDB reads them, and the JSON summary', async () => {
  const store = memoryStore('mem://copies');
  const { files, bytes, summaryKey } = await putOrders(store);
  const path = duck.write('written.parquet', (await store.get('orders/manifest.parquet'))!);
  const rows = await duck.rows(`SELECT uri, size, n_record, etag FROM '${path}'`);
  expect(rows).toEqual(files.map(f => [f.uri, BigInt(f.bytes), 50n, f.etag]));
  expect(JSON.parse(Buffer.from((await store.get(summaryKey))!).toString())).toEqual({
    manifest: 'mem://copies/orders/manifest.parquet',
    size: bytes,
    n_record: 1000,
    fingerprint: createHash('md5')
      .update(files.map(f => f.uri + f.etag).join(''))
      .digest('hex'),
    details: {},
  });
});

test('manifest.order: a crash before the summary leaves nothing that is read', async () => {
  const store = memoryStore();
  const { files } = await putOrders(store);
  const written: string[] = [];
  const watched: ObjectStore = {
    ...store,
    putIfAbsent: async key => {
      written.push(key);
      throw new Error('crash');
    },
  };
  const keys = { manifest: 'm.parquet', summary: 'm.json' };
  await expect(writeManifest(watched, files, keys)).rejects.toThrow('crash');
  expect(written).toEqual(['m.parquet']);
});

test('manifest.foreign: by another writer, in another order, with quoted etags and uncounted rows', async () => {
  const store = memoryStore('mem://copies');
  const { files } = await putOrders(store, { format: 'csv' });
  const quoted = files.map(f => ({ uri: f.uri, etag: `"${f.etag}"` }));
  const values = [...files].reverse().map(f => `('${f.uri}', ${f.bytes}, NULL, '"${f.etag}"')`);
  const manifest = await foreign(
    store,
    `SELECT * FROM (VALUES ${values.join(', ')}) t(uri, size, n_record, etag)`,
  );
  const summary = { manifest, size: null, n_record: null, fingerprint: fingerprintOf(quoted), details: {} };
  await store.put('m.json', Buffer.from(JSON.stringify(summary)));
  const copy = await copyOf(store, 'm.json');
  expect(copy.files).toEqual(files.map(({ rows, ...file }) => file));
  expect(copy.rows).toBeUndefined();
});

test('manifest.fingerprint: sums that are not those of the manifest', async () => {
  const store = memoryStore();
  const orders = await putOrders(store);
  await resay(store, orders, { fingerprint: '0'.repeat(32) });
  expect(await refusal(copyOf(store, orders.summaryKey))).toMatch(
    new RegExp(`^\\[TM_2714\\].*fingerprint 0{32}, the manifest has ${orders.summary.fingerprint}`),
  );
  await resay(store, orders, { size: orders.bytes + 1 });
  expect(await refusal(copyOf(store, orders.summaryKey))).toMatch(/^\[TM_2714\].*size/);
  await resay(store, orders, { n_record: 999 });
  expect(await refusal(copyOf(store, orders.summaryKey))).toMatch(/^\[TM_2714\].*n_record 999.* 1000/);
});

test('manifest.changed: every file that is gone, longer or written again is named, and no other', async () => {
  const store = memoryStore();
  const orders = await putOrders(store, { format: 'csv' });
  const [gone, longer, again] = [orders.files[3]!, orders.files[5]!, orders.files[11]!];
  const bytes = (await store.get(again.key))!;
  await store.delete(gone.key);
  await store.put(longer.key, Buffer.concat([bytes, Buffer.from('order-x,2021-01-01 00:00:00,1\n')]));
  await store.put(again.key, bytes);
  const message = await refusal(copyOf(store, orders.summaryKey));
  expect(message).toMatch(/^\[TM_2715\] 3 files/);
  expect(message).toContain(`${gone.uri}: it is not there`);
  expect(message).toMatch(new RegExp(`${longer.uri}: it has \\d+ bytes, not ${longer.bytes}`));
  expect(message).toContain(`${again.uri}: its etag is `);
  expect(message.match(/part-/g)).toHaveLength(3);
});

test('manifest.twice: a file that is named twice would double its rows', async () => {
  const store = memoryStore();
  const { files } = await putOrders(store);
  await writeManifest(store, [files[0]!, files[1]!, files[0]!], { manifest: 'm.parquet', summary: 'm.json' });
  expect(await refusal(copyOf(store, 'm.json'))).toMatch(
    /^\[TM_2715\] a file .*part-00\.parquet: it is named twice/,
  );
});

test('manifest.elsewhere: a file of another store is not there', async () => {
  const store = memoryStore('mem://copies');
  const { files } = await putOrders(store);
  await writeManifest(store, [{ ...files[0]!, uri: 's3://other/x.parquet' }], {
    manifest: 'm.parquet',
    summary: 'm.json',
  });
  expect(await refusal(copyOf(store, 'm.json'))).toMatch(
    /^\[TM_2715\].*s3:\/\/other\/x\.parquet: it is not there/,
  );
});

test('manifest.rows: a footer that counts otherwise', async () => {
  const store = memoryStore();
  const { files } = await putOrders(store);
  const wrong = files.map((file, i) => (i === 4 ? { ...file, rows: 49 } : file));
  await writeManifest(store, wrong, { manifest: 'm.parquet', summary: 'm.json' });
  expect(await refusal(copyOf(store, 'm.json'))).toMatch(
    /^\[TM_2711\] a file .*part-04\.parquet: it has 50 rows, its manifest says 49/,
  );
});

test('manifest.unreadable: what is missing or of another form is named', async () => {
  const store = memoryStore('mem://copies');
  expect(await refusal(copyOf(store, 'no.json'))).toMatch(
    /^\[TM_2713\] there is no summary · mem:\/\/copies\/no\.json/,
  );
  await store.put('s.json', Buffer.from('[1]'));
  expect(await refusal(copyOf(store, 's.json'))).toMatch(/^\[TM_2713\].*no JSON object/);
  await store.put('s.json', Buffer.from('{"manifest":"mem://copies/m.parquet"}'));
  expect(await refusal(copyOf(store, 's.json'))).toMatch(/^\[TM_2713\].*no fingerprint/);
  const summary = { manifest: 'mem://copies/m.parquet', fingerprint: 'x' };
  await store.put('s.json', Buffer.from(JSON.stringify(summary)));
  expect(await refusal(copyOf(store, 's.json'))).toMatch(/^\[TM_2713\] the manifest is missing/);
  await foreign(store, "SELECT 'u' AS uri, 1::BIGINT AS size");
  expect(await refusal(copyOf(store, 's.json'))).toMatch(/^\[TM_2713\].*no column etag/);
  await foreign(store, "SELECT 'u' AS uri, NULL::BIGINT AS size, 'e' AS etag");
  expect(await refusal(copyOf(store, 's.json'))).toMatch(/^\[TM_2713\] row 0/);
});
