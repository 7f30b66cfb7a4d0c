import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
const PURE = ['change', 'formats', 'columnar', 'parquet', 'iceberg'];

/** What each room of lib may import from, besides itself and errors.ts. `config` stands for its shapes. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(PURE.map(area => [area, PURE])),
  config: PURE,
  ports: PURE,
  ledger: [...PURE, 'ports'],
  table: [...PURE, 'config', 'ports', 'ledger'],
  query: [...PURE, 'config', 'ports', 'ledger', 'table'],
  stages: [...PURE, 'config', 'ports', 'ledger', 'table', 'query'],
  adapters: [...PURE, 'ports', 'query'],
  runtime: [...PURE, 'config', 'ports', 'ledger', 'table', 'query', 'stages', 'adapters'],
  cli: [...PURE, 'config', 'ports', 'ledger', 'table', 'query', 'stages', 'runtime'],
  library: ['formats', 'config', 'ports', 'ledger', 'query', 'stages', 'runtime', 'cli'],
  constructs: ['config'],
  stacks: ['config', 'constructs'],
};

/** What the package exports: they name what others made, and import it from wherever that is. */
const ENTRIES = ['index.ts', 'local.ts', 'cdk.ts'];

/** Built-in modules of Node that a pure room may use: no clock, no random, no files. */
const PURE_BUILTINS = ['node:zlib', 'node:crypto', 'node:buffer', 'node:stream'];

interface Import {
  readonly file: string;
  readonly to: string;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(e => e.isFile() && e.name.endsWith('.ts'))
    .map(e => join(e.parentPath, e.name));
}

function importsOf(file: string): Import[] {
  const found = readFileSync(file, 'utf8').matchAll(/(?:from|import|import\()\s*'([^']+)'/g);
  return [...found].map(m => ({ file, to: m[1]! }));
}

/** Lines that hold code: neither empty nor a comment's nor an import's. */
function codeLines(file: string): number {
  const text = readFileSync(file, 'utf8').replace(/\/\*\*[\s\S]*?\*\/|^import [\s\S]*?';$/gm, '');
  return text.split('\n').filter(line => line.trim() !== '' && !line.trim().startsWith('//')).length;
}

const imports: Import[] = sources(join(ROOT, 'lib')).flatMap(importsOf);
const lambdaSources = sources(join(ROOT, 'lambdas'));
/** A resource of the deploy, which works by itself: no stage stands behind it. */
const ofTheLake = (file: string) => !file.includes('/lambdas/replication/');

const areaOf = (file: string) => relative(join(ROOT, 'lib'), file).split('/')[0]!;
const named = (i: Import) => `${relative(ROOT, i.file)} -> ${i.to}`;

test('structure.imports: every room imports only from the rooms below it', () => {
  const wrong = imports.filter(({ file, to }) => {
    if (!to.startsWith('.') || to.endsWith('package.json')) return false;
    const from = areaOf(file);
    const target = areaOf(resolve(dirname(file), to));
    if (from === target || target === 'errors' || ENTRIES.includes(from)) return false;
    return !MAY[from]?.includes(target);
  });
  expect(wrong.map(named)).toEqual([]);
});

test('structure.pure: the core touches no file, clock, network or AWS', () => {
  const wrong = imports.filter(
    ({ file, to }) =>
      PURE.includes(areaOf(file)) &&
      (to.startsWith('@aws-sdk') || (to.startsWith('node:') && !PURE_BUILTINS.includes(to))),
  );
  expect(wrong.map(named)).toEqual([]);
  const impure = sources(join(ROOT, 'lib'))
    .filter(file => [...PURE, 'table', 'ledger', 'stages'].includes(areaOf(file)))
    .filter(file =>
      /Date\.now\(|Math\.random\(|randomUUID|randomBytes|process\.env|new Date\(\)/.test(
        readFileSync(file, 'utf8'),
      ),
    );
  expect(impure.map(file => relative(ROOT, file))).toEqual([]);
});

test('structure.environment: only bin and the entries of lambdas read it', () => {
  const wrong = [...sources(join(ROOT, 'lib')), ...lambdaSources.filter(file => !file.endsWith('/index.ts'))];
  const reading = wrong.filter(file => /process\.env\b/.test(readFileSync(file, 'utf8')));
  expect(reading.map(file => relative(ROOT, file))).toEqual([]);
});

test('structure.lambdas: event, stage, answer', () => {
  const functions = lambdaSources.filter(ofTheLake);
  const wrong = functions.flatMap(importsOf).filter(({ file, to }) => {
    if (!to.startsWith('.')) return /^node:|^@aws-sdk|^@duckdb|^lmdb/.test(to);
    const target = resolve(dirname(file), to);
    if (target.startsWith(join(ROOT, 'lambdas'))) return false;
    const may = file.endsWith('/index.ts')
      ? ['runtime']
      : ['runtime', 'stages', 'ledger', 'ports', 'config', 'errors'];
    return !may.includes(areaOf(target));
  });
  expect(wrong.map(named)).toEqual([]);
  const long = functions.filter(file => codeLines(file) >= 40);
  expect(long.map(file => `${relative(ROOT, file)}: ${codeLines(file)}`)).toEqual([]);
});

test('structure.folders: nothing is named utils, common or helpers', () => {
  const wrong = sources(join(ROOT, 'lib')).filter(file =>
    /\/(utils?|common|helpers?|misc)(\/|\.ts)/.test(file),
  );
  expect(wrong).toEqual([]);
});

test('structure.size: a file holds one idea', () => {
  const long = sources(join(ROOT, 'lib')).filter(file => readFileSync(file, 'utf8').split('\n').length > 340);
  expect(long.map(file => relative(ROOT, file))).toEqual([]);
});

test('structure.lockfile: it names no registry', () => {
  expect(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).not.toMatch(/https?:\/\/[^"]*registry/);
});

test('structure.errors: each code is given once', () => {
  const codes = new Map<string, string>();
  const twice: string[] = [];
  for (const file of sources(join(ROOT, 'lib')).filter(f => /errors\.ts$|problems\.ts$/.test(f))) {
    for (const m of readFileSync(file, 'utf8').matchAll(/^\s*'(TM_\d{4})',$/gm)) {
      const known = codes.get(m[1]!);
      if (known && known !== file)
        twice.push(`${m[1]} in ${relative(ROOT, known)} and ${relative(ROOT, file)}`);
      codes.set(m[1]!, file);
    }
  }
  expect(twice).toEqual([]);
});

test('structure.mutations: each still finds the code it breaks', () => {
  const list = JSON.parse(readFileSync(join(ROOT, 'test/protocol/mutations.json'), 'utf8')) as {
    rule: string;
    file: string;
    find: string;
  }[];
  const lost = list.filter(({ file, find }) => !readFileSync(join(ROOT, file), 'utf8').includes(find));
  expect(lost.map(({ rule }) => rule)).toEqual([]);
});

test('structure.lockfile: it has every platform, or npm ci refuses it', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      name => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
    ),
  );
  expect(missing).toEqual([]);
});
