import { readFileSync } from 'node:fs';
import type { Field, Scalar } from '../../lib/columnar/types';
import { FileAssembler, sameSchema } from '../../lib/parquet/assemble';
import { footerOfFile } from '../../lib/parquet/footer';
import { encodeRowGroup } from '../../lib/parquet/wasm';
import { batchOf } from '../columnar/arbitraries';
import { Duck, fileOf, rowsOf } from './files';

const code = (n: string) => expect.objectContaining({ code: n });
const FIELDS: Field[] = [
  { id: 1, name: 'id', type: 'long', required: true },
  { id: 2, name: 'made', type: 'timestamp', required: false },
  { id: 3, name: 'price', type: 'decimal(38,3)', required: false },
  { id: 4, name: 'name', type: 'string', required: false },
];
const row = (i: number): Scalar[] => [
  BigInt(i),
  BigInt(i) * 1_000_001n,
  BigInt(-i) * 10n ** 20n,
  `name ${i % 5}`,
];
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => row(from + i));
const group = (from: number, to: number) => batchOf(FIELDS, rows(from, to));

let duck: Duck;
beforeAll(async () => {
  duck = await Duck.open();
});
afterAll(() => duck.close());

test('assemble.copy: copied and new row groups read as one file, filtered queries included', async () => {
  const base = fileOf([group(0, 100), group(100, 200), group(200, 300)]);
  const footer = footerOfFile(base);
  const assembler = new FileAssembler();
  const parts: Uint8Array[] = [assembler.start()];
  const copy = (g: number) => {
    const { start, end } = assembler.copy(footer, g);
    parts.push(base.subarray(start, end));
  };
  copy(0);
  parts.push(assembler.add(encodeRowGroup(group(100, 150), { codec: 'snappy' })));
  copy(2);
  parts.push(assembler.finish({ 'tidemark.entry': '7' }));
  const file = Buffer.concat(parts);
  expect(assembler.size).toBe(file.length);
  expect(assembler.length).toBe(250);
  expect(assembler.footer).toEqual(footerOfFile(file));
  expect(rowsOf(file, FIELDS)).toEqual([...rows(0, 150), ...rows(200, 300)]);
  const path = duck.write('spliced.parquet', file);
  for (const i of [0, 99, 100, 149, 150, 200, 299]) {
    const there = i < 150 || i >= 200 ? 1n : 0n;
    for (const filter of [
      `id = ${i}`,
      `epoch_us(made) = ${i * 1_000_001}`,
      `made = make_timestamp(${i * 1_000_001})`,
      `price = ${-i}::DECIMAL(38,3) * 100000000000000000`,
    ]) {
      expect([filter, await duck.rows(`SELECT count(*) FROM '${path}' WHERE ${filter}`)]).toEqual([
        filter,
        [[there]],
      ]);
    }
  }
  expect(await duck.rows(`SELECT decode(key), decode(value) FROM parquet_kv_metadata('${path}')`)).toEqual([
    ['tidemark.entry', '7'],
  ]);
});

test('assemble.schema: another schema is refused, another root name is not', async () => {
  const other = batchOf([{ ...FIELDS[0]!, id: 9 }, ...FIELDS.slice(1)], rows(0, 2));
  const assembler = new FileAssembler();
  assembler.start();
  assembler.add(encodeRowGroup(group(0, 2)));
  expect(() => assembler.add(encodeRowGroup(other))).toThrow(code('TM_4203'));
  const optional = batchOf([{ ...FIELDS[0]!, required: false }, ...FIELDS.slice(1)], rows(0, 2));
  expect(() => assembler.add(encodeRowGroup(optional))).toThrow(code('TM_4203'));
  expect(sameSchema(footerOfFile(fileOf([group(0, 1)])), footerOfFile(encodeRowGroup(group(5, 9))))).toBe(
    true,
  );
});

test('assemble.foreign: row groups of a DuckDB file are copied as they are', async () => {
  const path = duck.path('foreign.parquet');
  await duck.rows(
    `COPY (SELECT i AS id, 'n' || i AS name FROM range(6000) r(i)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
  );
  const source = readFileSync(path);
  const footer = footerOfFile(source);
  const assembler = new FileAssembler();
  const parts: Uint8Array[] = [assembler.start()];
  for (const g of [2, 0]) {
    const { start, end } = assembler.copy(footer, g);
    parts.push(source.subarray(start, end));
  }
  parts.push(assembler.finish());
  const copied = duck.write('copied.parquet', Buffer.concat(parts));
  const list = (file: string, filter: string) =>
    duck.rows(`SELECT id, name FROM '${file}' WHERE ${filter} ORDER BY id`);
  expect(await list(copied, 'true')).toEqual(await list(path, 'id < 2048 OR id >= 4096'));
  expect(await list(copied, 'id = 5000')).toEqual([[5000n, 'n5000']]);
});

test('assemble.empty: a file needs a schema', () => {
  expect(() => new FileAssembler().finish()).toThrow(code('TM_4201'));
  expect(() => new FileAssembler().footer).toThrow(code('TM_4201'));
});
