import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { deflateRawSync } from 'node:zlib';

const ROOT = resolve(__dirname, '../..');
const ZIPPED_BYTES_MAX = 5_000_000;
/** The functions of a lake; beside them stand what a deploy itself calls, and what carries DuckDB. */
const NAMES = ['compact', 'ingest-files', 'ingest-stream', 'intake', 'merge', 'report', 'sweep', 'vacuum'];
const LAKE = [...NAMES, 'load'];

/** What esbuild says went into each bundle. */
type Metafiles = Record<
  string,
  { inputs: Record<string, unknown>; outputs: Record<string, { imports: { path: string }[] }> }
>;

let folder: string;
let metafiles: Metafiles;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-lambdas-'));
  const script = `
    import { bundleLambdas } from ${JSON.stringify(join(ROOT, 'scripts/bundle-lambdas.mjs'))};
    console.log(JSON.stringify(await bundleLambdas(process.argv[1])));`;
  const run = ['--input-type=module', '-e', script, folder];
  const answer = execFileSync(process.execPath, run, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  metafiles = JSON.parse(answer) as Metafiles;
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('bundles.names: each function of the lake', () => {
  expect(readdirSync(folder).sort()).toEqual([...LAKE, 'replication'].sort());
});

test.each(LAKE)('bundles.size: %s is below 5 MB zipped', name => {
  const zipped = readdirSync(join(folder, name)).map(
    file => deflateRawSync(readFileSync(join(folder, name, file)), { level: 9 }).length,
  );
  expect(zipped.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(ZIPPED_BYTES_MAX);
});

test.each(NAMES)('bundles.contents: %s has no engine or tool of this machine inside', name => {
  const inputs = Object.keys(metafiles[name]!.inputs);
  const alien = inputs.filter(path =>
    /node_modules\/(?:@duckdb|lmdb|jiti|chokidar|zod|aws-cdk-lib|constructs|commander)\//.test(path),
  );
  expect(alien).toEqual([]);
  expect(inputs.filter(path => path.startsWith('lib/adapters/local/')).sort()).toEqual([
    'lib/adapters/local/clock.ts',
    'lib/adapters/local/ids.ts',
  ]);
});

test.each(LAKE)('bundles.load: %s runs where nothing is installed, and says what it lacks', name => {
  const index = JSON.stringify(join(folder, name, 'index.js'));
  const load = `try { require(${index}) } catch (error) { console.log(error.code) }`;
  const answer = execFileSync(process.execPath, ['-e', load], { cwd: folder, env: {}, encoding: 'utf8' });
  expect(answer).toBe('TM_8201\n');
});

test('bundles.duckdb: load brings the calls of DuckDB, and leaves the engine to its layer', () => {
  const { inputs, outputs } = metafiles.load!;
  const own = Object.keys(inputs).filter(path => path.includes('node_modules/@duckdb/'));
  expect(own.length).toBeGreaterThan(0);
  expect(own.filter(path => !path.includes('/node-api/'))).toEqual([]);
  const imports = Object.values(outputs).flatMap(output => output.imports);
  expect(new Set(imports.map(({ path }) => path).filter(path => path.startsWith('@')))).toEqual(
    new Set(['@duckdb/node-bindings']),
  );
  const alien = /node_modules\/(?:lmdb|jiti|chokidar|zod|aws-cdk-lib|constructs|commander)\//;
  expect(Object.keys(inputs).filter(path => alien.test(path))).toEqual([]);
});

test('bundles.wasm: the engine beside a bundle encodes', () => {
  const engine = JSON.stringify(join(folder, 'merge', 'parquet_wasm.js'));
  const load = `console.log(typeof require(${engine}).writeParquet)`;
  expect(execFileSync(process.execPath, ['-e', load], { cwd: folder, encoding: 'utf8' })).toBe('function\n');
});
