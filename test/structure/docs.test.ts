import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { Cli } from '../../lib/cli/cli';
import { processIo } from '../../lib/cli/io';
import { program } from '../../lib/cli/program';

const ROOT = resolve(__dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter(e => e.isFile() && e.name.endsWith(ending))
    .map(e => relative(ROOT, join(e.parentPath, e.name)))
    .sort();
}

const PAGES = ['README.md', 'CONTRIBUTING.md', ...filesBelow('docs', '.md')];

/** Pages without what stands in code blocks. */
const prose = (text: string) => text.replace(/^```[\s\S]*?^```$/gm, '');

/** What a wrong page says, as `page: what`. */
function found(of: (text: string, page: string) => string[]): string[] {
  return PAGES.flatMap(page => of(read(page), page).map(what => `${page}: ${what}`));
}

/** A heading's anchor, as GitHub makes it. */
function anchors(text: string): string[] {
  return Array.from(prose(text).matchAll(/^#+ (.*)$/gm), ([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('docs.links: each leads to a page, and to a heading of it', () => {
  const broken = found((text, page) =>
    Array.from(prose(text).matchAll(/\]\(([^)\s]+)\)/g), m => m[1]!)
      .filter(link => !/^https?:/.test(link))
      .filter(link => {
        const [path, anchor] = link.split('#');
        const target = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path!));
        if (!existsSync(join(ROOT, target))) return true;
        return anchor !== undefined && !anchors(read(target)).includes(anchor);
      }),
  );
  expect(broken).toEqual([]);
});

test('docs.order: numbered pages have no gap, and the first page lists every page', () => {
  const numbers = PAGES.flatMap(page => /^docs\/(\d+)-/.exec(page)?.[1] ?? []).map(Number);
  expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, i) => i + 1));
  const decisions = PAGES.flatMap(page => /^docs\/decisions\/(\d{4})-/.exec(page)?.[1] ?? []).map(Number);
  expect(decisions).toEqual(decisions.map((_, i) => i + 1));
  const index = read('docs/README.md');
  const pages = PAGES.filter(page => page.startsWith('docs/') && page !== 'docs/README.md');
  expect(pages.filter(page => !index.includes(`](${page.slice('docs/'.length)})`))).toEqual([]);
});

test('docs.files: a path in the text is one of the tree', () => {
  const missing = found(text =>
    Array.from(text.matchAll(/`((?:lib|test|scripts|bin|examples)\/[\w./-]+)`/g), m => m[1]!).filter(
      path => !existsSync(join(ROOT, path)),
    ),
  );
  expect(missing).toEqual([]);
});

test('docs.functions: a name that a page calls out stands in the file named beside it', () => {
  const wrong = found(text =>
    Array.from(prose(text).matchAll(/`(\w+)`\s+(?:\(|in\s+)`(lib\/[\w/-]+\.ts)`/g))
      .filter(
        ([, name, file]) => existsSync(join(ROOT, file!)) && !new RegExp(`\\b${name}\\b`).test(read(file!)),
      )
      .map(([, name, file]) => `${name} in ${file}`),
  );
  expect(wrong).toEqual([]);
});

test('docs.commands: what is typed is a command, an option and a script of this project', () => {
  const root = program(new Cli(processIo()));
  const commands = new Map(root.commands.map(c => [c.name(), c]));
  const global = root.options.map(o => o.long);
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const wrong = found(text => [
    ...Array.from(text.matchAll(/(?:npx |`|^\$ )tidemark ([^`\n]*)/gm), m => m[1]!).filter(line => {
      const [name = '', ...words] = line.replace(/"[^"]*"|'[^']*'/g, 'x').split(/\s+/);
      if (!/^[a-z]+$/.test(name)) return false;
      const whole = commands.get(name);
      const command = whole?.commands.find(c => c.name() === words[0]) ?? whole;
      const known = ['--help', ...global, ...(command?.options.map(o => o.long) ?? [])];
      return !command || words.some(w => w.startsWith('--') && !known.includes(w));
    }),
    ...Array.from(text.matchAll(/npm run ([\w:]+)/g), m => m[1]!).filter(name => !(name in scripts)),
  ]);
  expect(wrong).toEqual([]);
  const named = Array.from(read('README.md').matchAll(/npx tidemark ([a-z]+)/g), m => m[1]!);
  expect(new Set(named).size).toBeGreaterThan(10);
});

test('docs.alone: pages speak of this project only', () => {
  const words =
    /\.\.\/shared|(?<!@inquirer\/)\bprompts?\b|\bsessions?\b|\/work\/|\/home\/|\/Users\/|\/tmp\//gi;
  expect(found(text => Array.from(text.matchAll(words), m => m[0]))).toEqual([]);
});

test('docs.errors: the page is what the source says, and has every code', () => {
  const page = execFileSync(process.execPath, ['scripts/errors-doc.mjs', '--print'], {
    cwd: ROOT,
  }).toString();
  expect(read('docs/errors.md')).toBe(page);
  const codes = new Set(filesBelow('lib', '.ts').flatMap(file => read(file).match(/\bTM_\d{4}\b/g) ?? []));
  expect([...codes].filter(code => !page.includes(`### ${code}\n`))).toEqual([]);
  const bare = page.split('\n### ').filter(part => part.startsWith('TM_') && /```text\n```/.test(part));
  expect(bare).toEqual([]);
});

test('docs.dependencies: each has its line, with the licence it has, and no line is of another', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const lines = new Map(
    Array.from(read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \|.*\| ([^|]+) \|$/gm), m => [
      m[1]!,
      m[2]!,
    ]),
  );
  const names = Object.keys({ ...dependencies, ...devDependencies });
  expect([...lines.keys()].sort()).toEqual(names.sort());
  for (const name of names) {
    const { license } = JSON.parse(read(`node_modules/${name}/package.json`)) as { license?: string };
    expect(`${name} ${lines.get(name)}`).toBe(`${name} ${license}`);
  }
});

test('docs.rules: each that the code cites has its text and its line in the list', () => {
  const cited = filesBelow('lib', '.ts').flatMap(file =>
    Array.from(read(file).matchAll(/PROTOCOL\.md, ((?:[A-Z]\d?(?:, | to )?)+)/g), m =>
      m[1]!.split(/, | to /),
    ),
  );
  const rules = [...new Set(cited.flat().filter(rule => rule !== ''))];
  expect(rules.length).toBeGreaterThan(15);
  const list = read('docs/PROTOCOL.md');
  expect(rules.filter(rule => !list.includes(`| ${rule} |`))).toEqual([]);
  const pages = PAGES.filter(page => /^docs\/\d/.test(page))
    .map(read)
    .join('\n');
  const listed = Array.from(list.matchAll(/^\| ([A-Z]\d?) \|/gm), m => m[1]!);
  // A letter alone stands for its rules where those have numbers.
  const own = listed.filter(
    rule => !listed.some(other => other !== rule && other[0] === rule && rule.length === 1),
  );
  expect(own.filter(rule => !pages.includes(`**${rule}. `))).toEqual([]);
});
