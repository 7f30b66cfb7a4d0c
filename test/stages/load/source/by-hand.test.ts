import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { localStore } from '../../../../lib/adapters/local/object-store';
import { manifestSource } from '../../../../lib/stages/load/source/manifest';
import { Duck } from '../../../parquet/files';
import { putOrders } from '../../../support/copies';
import { SCRATCH } from '../../../support/scratch';

const folder = mkdtempSync(join(SCRATCH, 'tidemark-by-hand-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Indented lines of the page's section, without what indents them. */
function shown(section: string): string {
  const page = readFileSync(join(__dirname, '../../../../docs/13-loads.md'), 'utf8');
  const [, text = ''] = page.split(`## ${section}\n`);
  return text
    .split('\n## ')[0]!
    .split('\n')
    .flatMap(line => (line.startsWith('    ') ? [line.slice(4)] : []))
    .join('\n');
}

test('manifest.byHand: what the page shows makes a manifest of files on a disk', async () => {
  const { files } = await putOrders(localStore(folder), { folder: 'orders' });
  const lines = shown('A manifest by hand');
  const stat = /^stat .*$/m.exec(lines)![0].replace('/exports/orders/', `${folder}/orders/data/`);
  execFileSync('sh', ['-c', stat], { cwd: folder });
  const sql = lines
    .slice(lines.indexOf('CREATE TABLE'))
    .replace(/(TO |read_csv\()'/g, `$1'${folder}/`)
    .split(';')
    .filter(statement => statement.trim() !== '');
  const duck = await Duck.open();
  for (const statement of sql) await duck.rows(statement);
  duck.close();
  const store = localStore('/');
  const source = manifestSource(store, { table: 'orders', summary: `${folder.slice(1)}/orders.json` });
  const copy = await source.copyOf('orders');
  expect(copy.files.map(({ uri, etag }) => [uri, etag])).toEqual(files.map(({ uri, etag }) => [uri, etag]));
  expect(copy.rows).toBe(1000);
});
