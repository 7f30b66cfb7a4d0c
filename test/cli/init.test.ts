import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, json, tidemark } from './terminal';

const ORDERS = `order_id,zip,amount,created_at\n${Array.from({ length: 50 }, (_, i) => `${i + 1},0${1000 + i},${i}.50,2021-01-01 10:00:00\n`).join('')}`;

test('init, ingest, query in an empty folder', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'orders.csv'), ORDERS);
  const init = await tidemark(cwd, ['init', 'orders.csv']);
  expect(init).toEqual({
    code: 0,
    err: '',
    out: `orders: 50 rows, key order_id (unique, not null), 4 columns; 1 unsure: zip (kept as string: leading zeros)
wrote tidemark.config.ts. Next: tidemark ingest orders.csv
`,
  });
  expect((await tidemark(cwd, ['ingest', 'orders.csv'])).out).toContain('50 new');
  const sum = await tidemark(cwd, ['query', 'select sum(amount) total from orders', '--output', 'json']);
  expect(json(sum)).toEqual([{ total: '1250.00' }]);
});

test('init.never overwrites', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'orders.csv'), ORDERS);
  writeFileSync(join(cwd, 'tidemark.config.ts'), '// mine\n');
  expect(await tidemark(cwd, ['init', 'orders.csv'])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^\[TM_7005\]/),
  });
  expect(readFileSync(join(cwd, 'tidemark.config.ts'), 'utf8')).toBe('// mine\n');
  expect((await tidemark(cwd, ['init', 'orders.csv', '--force'])).code).toBe(0);
});

test('init.beside a config, under another name', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'orders.csv'), ORDERS);
  writeFileSync(join(cwd, 'tidemark.config.ts'), '// mine\n');
  const init = await tidemark(cwd, ['--config', 'orders.config.ts', 'init', 'orders.csv']);
  expect(init.out).toContain(
    'wrote orders.config.ts. Next: tidemark --config orders.config.ts ingest orders.csv\n',
  );
  const ingest = await tidemark(cwd, ['--config', 'orders.config.ts', 'ingest', 'orders.csv']);
  expect(ingest.out).toContain('50 new');
  expect(readFileSync(join(cwd, 'tidemark.config.ts'), 'utf8')).toBe('// mine\n');
});

test('init.in a folder below a config', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'tidemark.config.ts'), '// mine\n');
  mkdirSync(join(cwd, 'mine'));
  writeFileSync(join(cwd, 'mine/orders.csv'), ORDERS);
  expect((await tidemark(join(cwd, 'mine'), ['init', 'orders.csv'])).code).toBe(0);
  expect((await tidemark(join(cwd, 'mine'), ['ingest', 'orders.csv'])).out).toContain('50 new');
});

test('init.without a key, ingest refuses', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'visits.csv'), 'page,at\na,1\na,1\n');
  const init = await tidemark(cwd, ['init', 'visits.csv']);
  expect(init.out).toContain('no key found');
  expect(readFileSync(join(cwd, 'tidemark.config.ts'), 'utf8')).toContain('key: [], // TODO');
  const ingest = await tidemark(cwd, ['ingest', 'visits.csv']);
  expect(ingest).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(/^\[TM_1010\] key: \[\] \/\/ TODO/),
  });
});

test('init.nothing to sample', async () => {
  expect(await tidemark(folder(), ['init', 'none.csv'])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^\[TM_7004\]/),
  });
});

test.each([
  [';', ';'],
  ['\t', '\\t'],
  ['|', '|'],
])('init.delimiter: fields apart by %j are found, and ingest reads them', async (delimiter, written) => {
  const cwd = folder();
  const rows = ['sale_id;amount;note', '1;"12,50";"a, b; c"', '2;"8,00";x, y', '3;7;'];
  writeFileSync(join(cwd, 'sales.csv'), rows.join('\n').replaceAll(';', delimiter));
  const init = await tidemark(cwd, ['init', 'sales.csv']);
  expect(init.out).toContain(`3 columns, delimiter ${JSON.stringify(delimiter)}`);
  expect(init.out).toContain('decimal commas');
  const config = readFileSync(join(cwd, 'tidemark.config.ts'), 'utf8');
  expect(config).toContain(`format: { delimiter: '${written}' },`);
  expect((await tidemark(cwd, ['ingest', 'sales.csv'])).out).toContain('3 new');
});

test('init.encoding: of a file that is no UTF-8 it says so, and what to do', async () => {
  const cwd = folder();
  const latin = (text: string) => Buffer.from(text, 'latin1');
  writeFileSync(join(cwd, 'rows.csv'), latin('id,name\n1,Zoë\n2,Eve\n'));
  writeFileSync(join(cwd, 'header.csv'), latin('id,größe\n1,2\n'));
  writeFileSync(join(cwd, 'wide.csv'), Buffer.from('id,name\n1,Eve\n', 'utf16le'));
  expect((await tidemark(cwd, ['init', 'rows.csv'])).out).toMatch(
    /1 row cannot be read, the first in line 2: .*not valid UTF-8; convert the file to UTF-8/,
  );
  for (const name of ['header.csv', 'wide.csv']) {
    const init = await tidemark(cwd, ['init', name, '--force']);
    expect(init).toMatchObject({ code: 1, err: expect.stringMatching(/^\[TM_2105\].*convert.*iconv/) });
  }
});
