import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../..');
const script = `
import { withEngine } from '${root}/lib/parquet/engine';
import { encodeRowGroup } from '${root}/lib/parquet/wasm';
import { columnFromScalars } from '${root}/lib/columnar/kernels';
const field = { id: 1, name: 'id', type: 'int', required: false };
const encode = () => encodeRowGroup({ length: 1, fields: [field], columns: [columnFromScalars('int', [1])] });
const said = [encode().length > 0];
try { withEngine(engine => engine.readParquet(encode(), { rowGroups: [99] })); }
catch (error) { said.push(error.name); }
try { said.push(encode().length > 0); } catch (error) { said.push(error.code); }
console.log(JSON.stringify(said));
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-engine-'));
  writeFileSync(join(folder, 'trap.ts'), script);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The script in a process of its own: a trap must not reach the other tests. */
function run(...options: string[]): unknown {
  const out = join(folder, 'trap.js');
  const esbuild = join(root, 'node_modules/esbuild/bin/esbuild');
  const bundle = ['--bundle', '--platform=node', '--format=cjs', '--log-level=error', `--outfile=${out}`];
  execFileSync(esbuild, [join(folder, 'trap.ts'), ...bundle, ...options], { cwd: root });
  const env = { ...process.env, NODE_PATH: join(root, 'node_modules') };
  return JSON.parse(execFileSync(process.execPath, [out], { env }).toString());
}

test('engine.trap: where modules can be loaded again, the next call has a fresh instance', () => {
  expect(run('--packages=external')).toEqual([true, 'RuntimeError', true]);
});

test('engine.trap: in a bundle the next call says that the process must end', () => {
  copyFileSync(
    join(root, 'node_modules/parquet-wasm/node/parquet_wasm_bg.wasm'),
    join(folder, 'parquet_wasm_bg.wasm'),
  );
  expect(run()).toEqual([true, 'RuntimeError', 'TM_4206']);
});
