import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { s3Store } from '../../lib/adapters/aws/object-store';
import { resolveLake } from '../../lib/config/resolve';
import type { ObjectStore } from '../../lib/ports/object-store';
import { type CopyNamed, openCopy, placeOf } from '../../lib/runtime/load-copy';
import { s3Copies } from '../../lib/runtime/s3-copies';
import { writeManifest } from '../../lib/stages/load/source/write-manifest';
import { type OrdersCopy, parquetOf, putExport, putOrders } from '../support/copies';
import { MOTO, standIn } from './endpoints';

const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });
const [EXPORTS, OTHERS, LAKE] = ['exports', 'others', 'lake'].map(name => `${name}-${randomUUID()}`) as [
  string,
  string,
  string,
];
const LANDING = `landing-${randomUUID()}`;
const OWN = { lake: LAKE, landing: s3Store(s3, { bucket: LANDING }), landingBucket: LANDING };
const all = s3Copies(s3, [`s3://${EXPORTS}/shop/`, `s3://${OTHERS}/`], OWN);
const [table] = resolveLake(
  { name: 'shop', tables: { orders: { key: ['id'] } } },
  '/tidemark.config.ts',
).tables;
const place = (named: CopyNamed, room = all) => placeOf(table!, named, room);

let shop: ObjectStore;
let copy: OrdersCopy;

beforeAll(async () => {
  for (const Bucket of [EXPORTS, OTHERS, LAKE, LANDING]) await s3.send(new CreateBucketCommand({ Bucket }));
  shop = s3Store(s3, { bucket: EXPORTS });
  copy = await putOrders(shop, { folder: 'shop/orders' });
  // As a console leaves one.
  await s3.send(new PutObjectCommand({ Bucket: EXPORTS, Key: 'shop/orders/data/', Body: '' }));
});
afterAll(() => s3.destroy());

test('copies.files: a folder, with or without its slash, and single files', async () => {
  const folder = `s3://${EXPORTS}/shop/orders/data`;
  expect(await place({ from: [folder] })).toEqual({ kind: 'files', at: [`${folder}/`], table: 'orders' });
  const found = await place({ from: [`${folder}/`] });
  const { source, copies } = openCopy(all, table!, found);
  const { files, rows, fingerprint } = await source.copyOf('orders');
  expect([files.map(f => f.uri), rows]).toEqual([copy.files.map(f => f.uri), 1000]);
  expect(fingerprint).toBe(copy.summary.fingerprint);
  const [first] = files;
  const pieces: Uint8Array[] = [];
  for await (const piece of copies.stream(first!.key, first!.etag)) pieces.push(piece);
  expect(Buffer.concat(pieces)).toHaveLength(first!.bytes);
  const two = [`${folder}/part-00.parquet`, `${folder}/part-01.parquet`];
  expect(await place({ from: two })).toMatchObject({ kind: 'files', at: two });
});

test('copies.export: found by its description, and its table by the config', async () => {
  const columns = { id: 'bigint' };
  const rows = parquetOf([{ id: 1, name: 'id', type: 'long', required: false }], [[1n]]);
  await putExport(shop, 'shop/export-1', [{ target: 'shop.orders', columns, parts: [rows] }]);
  const found = await place({ from: [`s3://${EXPORTS}/shop/export-1`] });
  expect(found).toMatchObject({ kind: 'export', table: 'shop.orders' });
  expect(await openCopy(all, table!, found).source.copyOf('shop.orders')).toMatchObject({ rows: 1 });
});

test('copies.manifest: its files may stand in any bucket that the config names, and in no other', async () => {
  const others = s3Store(s3, { bucket: OTHERS });
  const keys = { manifest: 'm/manifest.parquet', summary: 'm/manifest.json' };
  await writeManifest(others, copy.files, keys);
  const named = { from: [`s3://${OTHERS}/m/manifest.json`] };
  const found = await place(named);
  expect(found.kind).toBe('manifest');
  expect(await openCopy(all, table!, found).source.copyOf('orders')).toMatchObject({ rows: 1000 });
  const narrow = s3Copies(s3, [`s3://${OTHERS}/`], OWN);
  const refused = openCopy(narrow, table!, await place(named, narrow)).source.copyOf('orders');
  await expect(refused).rejects.toThrow(/^\[TM_7021\] .*exports-.*part-\d+\.parquet · .*deploy\.loads\.from/);
});

test('copies.dms: LOAD objects, by the keys that the landing has them under', async () => {
  await OWN.landing.put('shop/orders/LOAD00000001.csv', Buffer.from('1\n'));
  await OWN.landing.put('shop/orders/20210101-000000000.csv', Buffer.from('I,1\n'));
  const found = await place({ from: [`s3://${LANDING}/shop/orders`] });
  expect(found).toEqual({ kind: 'dms', at: [`s3://${LANDING}/shop/orders/`], table: 'orders' });
  const declared = { ...table!, columns: [{ name: 'id', type: 'long' as const }] };
  const { files } = await openCopy(all, declared, found).source.copyOf('orders');
  expect(files.map(({ key }) => key)).toEqual(['shop/orders/LOAD00000001.csv']);
  const elsewhere = { kind: 'dms' as const, at: [`s3://${OTHERS}/a/`], table: 'orders' };
  expect(() => openCopy(all, declared, elsewhere)).toThrow(/^\[TM_7019\]/);
});

test('copies.wrong: what is not there, not in S3, the lake itself, or beyond the config', async () => {
  await expect(place({ from: [`s3://${EXPORTS}/shop/nothing/`] })).rejects.toThrow(/^\[TM_2708\]/);
  await expect(place({ from: [`s3://${EXPORTS}/shop/nothing.csv`] })).rejects.toThrow(/^\[TM_2708\]/);
  await expect(place({ from: ['exports/shop'] })).rejects.toThrow(/^\[TM_7019\]/);
  await expect(place({ from: [`s3://${EXPORTS}/other/a.csv`] })).rejects.toThrow(/^\[TM_7021\]/);
  const lake = s3Copies(s3, [`s3://${LAKE}/`], OWN);
  await s3Store(s3, { bucket: LAKE }).put('orders/data/a.parquet', new Uint8Array(1));
  await expect(place({ from: [`s3://${LAKE}/orders/`] }, lake)).rejects.toThrow(/^\[TM_7013\]/);
});
