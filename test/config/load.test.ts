import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigError } from '../../lib/config/errors';
import { findConfig, loadConfig } from '../../lib/config/load';
import { TidemarkError } from '../../lib/errors';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
  return file;
}

async function failure(path: string): Promise<TidemarkError> {
  const error: unknown = await loadConfig(path).then(
    () => undefined,
    e => e,
  );
  if (!(error instanceof TidemarkError)) throw new Error(`not a TidemarkError: ${String(error)}`);
  return error;
}

const BODY = `{ name: 'shop', tables: { orders: { key: ['id'] } } }`;

describe('config.load', () => {
  const kinds: Record<string, string> = {
    'tidemark.config.ts': `import { defineLake, type LakeConfig } from 'tidemark';\nconst lake: LakeConfig = ${BODY};\nexport default defineLake(lake);`,
    'tidemark.config.mts': `import { defineLake } from 'tidemark';\nexport default defineLake(${BODY} as const satisfies object);`,
    'tidemark.config.mjs': `import { defineLake } from 'tidemark';\nexport default defineLake(${BODY});`,
    'tidemark.config.js': `const { defineLake } = require('tidemark');\nmodule.exports = defineLake(${BODY});`,
    'plain.mjs': `export default ${BODY};`,
    'plain.json': '\uFEFF{"name":"shop","tables":{"orders":{"key":["id"]}}}',
  };
  test.each(Object.entries(kinds))('kind %s, in a folder without node_modules', async (name, text) => {
    const lake = await loadConfig(await write(name, text));
    expect(lake).toMatchObject({ name: 'shop', folder, tables: [{ name: 'orders', key: ['id'] }] });
  });

  test('import of a TypeScript file beside it', async () => {
    await write('key.ts', `export const key: string[] = ['id'];`);
    const file = await write(
      'c.ts',
      `import { key } from './key';\nexport default { name: 'a', tables: { orders: { key } } };`,
    );
    expect((await loadConfig(file)).tables[0]?.key).toEqual(['id']);
  });

  test('again after an edit', async () => {
    const file = await write('c.mjs', `export default ${BODY};`);
    await loadConfig(file);
    await write('c.mjs', `export default ${BODY.replace('shop', 'edited')};`);
    expect((await loadConfig(file)).name).toBe('edited');
  });

  test('missing', async () => {
    expect(await failure(join(folder, 'none.ts'))).toMatchObject({
      code: 'TM_1001',
      where: join(folder, 'none.ts'),
    });
  });
  test('syntax', async () => {
    const error = await failure(await write('c.ts', 'export default {\n  name: ,\n};'));
    expect(error).toMatchObject({ code: 'TM_1002' });
    expect(error.what).toContain(':2:');
  });
  test('json syntax', async () => {
    expect(await failure(await write('c.json', '{"name": }'))).toMatchObject({ code: 'TM_1002' });
  });
  test('missing import names the package', async () => {
    const error = await failure(await write('c.ts', `import x from 'not-there';\nexport default x;`));
    expect(error).toMatchObject({ code: 'TM_1002', next: expect.stringContaining('install not-there') });
  });
  test('code that throws keeps its cause', async () => {
    const error = await failure(await write('c.ts', `throw new Error('no REGION');`));
    expect(error.message).toContain('no REGION');
    expect(error.cause).toBeDefined();
  });
  test('no default export', async () => {
    expect(await failure(await write('c.ts', `export const lake = ${BODY};`))).toMatchObject({
      code: 'TM_1004',
    });
  });
  test('unknown kind', async () => {
    expect(await failure(await write('c.yaml', 'name: shop'))).toMatchObject({ code: 'TM_1006' });
  });

  test('report files are looked for, all of them', async () => {
    const text = `export default { name: 'a', tables: {}, reports: { a: { sql: 'a.sql' }, b: { sql: 'b.sql' }, c: { sql: 'c.sql' } } };`;
    await write('b.sql', 'select 1');
    const error = await failure(await write('c.mjs', text));
    expect((error as ConfigError).problems.map(p => p.path)).toEqual(['reports.a.sql', 'reports.c.sql']);
  });
  test('report file behind a link out of the folder', async () => {
    await write('outside.sql', 'select 1');
    const file = await write(
      'in/c.mjs',
      `export default { name: 'a', tables: {}, reports: { r: { sql: 'r.sql' } } };`,
    );
    await symlink(join(folder, 'outside.sql'), join(folder, 'in', 'r.sql'));
    expect((await failure(file)).what).toContain("leads out of the config's folder");
  });
});

describe('config.find', () => {
  test('here or above', async () => {
    const file = await write('tidemark.config.mjs', '');
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    expect(await findConfig(folder)).toBe(file);
    expect(await findConfig(join(folder, 'a', 'b'))).toBe(file);
  });
  test('nowhere', async () => {
    expect(await findConfig(folder)).toBeUndefined();
  });
  test('two in one folder', async () => {
    await write('tidemark.config.ts', '');
    await write('tidemark.config.json', '');
    await expect(findConfig(folder)).rejects.toMatchObject({ code: 'TM_1005' });
  });
});
