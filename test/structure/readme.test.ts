import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES, folder, type Ran, tidemark } from '../cli/terminal';

const README = readFileSync(join(__dirname, '../../README.md'), 'utf8');

/** What the page has typed in its five minutes, and what it shows below each line. */
interface Typed {
  readonly line: string;
  readonly shown: string;
}

function typedIn(section: string): Typed[] {
  const text = README.slice(README.indexOf(`## ${section}`)).split('\n## ')[0]!;
  const blocks = Array.from(text.matchAll(/^```\n([\s\S]*?)^```$/gm), m => m[1]!);
  return blocks.flatMap(block =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map(part => {
        const [line = '', ...shown] = part.trimEnd().split('\n');
        return { line, shown: shown.join('\n') };
      }),
  );
}

/** Words of a command line; what is quoted is one. */
const words = (line: string) => Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), m => m[1] ?? m[2]!);

/** The lines of a text without the times and ids of its run. */
const masked = (text: string) =>
  text
    .trim()
    .split('\n')
    .map(maskedLine)
    // Messages and rows come by two pipes; on a terminal they stand in the order of their writing.
    .sort()
    .join('\n');

const maskedLine = (text: string) =>
  text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<instant>')
    .replace(/\b\d\d:\d\d:\d\d\b(?! *\d{4}-| {2})/g, '<time>')
    .replace(/\b\d{15,19}\b/g, '<snapshot>')
    .replace(/watching .*;/, 'watching <folder>;')
    .trim();

/** The lines of the config that the text has filled in, and the one that mends the second file. */
function edit(config: string, from: string, to: string): void {
  const text = readFileSync(config, 'utf8');
  expect(text).toContain(from);
  writeFileSync(config, text.replace(from, to));
}

test('readme.five minutes: each line, typed in a fresh folder, says what the page shows', async () => {
  const shop = join(folder(), 'shop');
  const config = join(shop, 'tidemark.config.ts');
  mkdirSync(shop);
  let last: Ran = { code: 0, out: '', err: '' };
  let snapshot = '';
  const seen: string[] = [];
  for (const { line, shown } of typedIn('Five minutes')) {
    if (line === 'mkdir shop && cd shop') continue;
    if (line === 'cp ../examples/orders/*.csv .') {
      cpSync(join(EXAMPLES, 'orders'), shop, { recursive: true });
    } else if (line === 'mkdir inbox && cp orders-2021-01-03.csv inbox/') {
      mkdirSync(join(shop, 'inbox'));
      cpSync(join(shop, 'orders-2021-01-03.csv'), join(shop, 'inbox/orders-2021-01-03.csv'));
    } else if (line === 'echo $?') {
      expect(String(last.code)).toBe(shown);
    } else {
      expect(line).toMatch(/^npx tidemark /);
      const args = words(line)
        .slice(2)
        .map(word => (/^\d{15,19}$/.test(word) ? snapshot : word));
      last = await (args[0] === 'watch' ? watched(shop, args) : tidemark(shop, args));
      expect(`${line}\n${masked(last.out + last.err)}`).toBe(`${line}\n${masked(shown)}`);
      seen.push(args[0]!);
    }
    if (line.includes(' init ')) {
      const deletes = '// deletedWhen: { column: <column>, equals: true },';
      edit(config, deletes, `deletedWhen: { column: 'deleted', equals: true },`);
      edit(
        config,
        "// orders_daily: { table: 'orders', schedule: 'daily' },",
        "orders_daily: { table: 'orders' },",
      );
    }
    if (line.endsWith('ingest orders-2021-01-01.csv orders-2021-01-02.csv')) {
      const traced = await tidemark(shop, ['trace', 'orders-2021-01-01.csv']);
      snapshot = /snapshot (\d+)/.exec(traced.out)?.[1] ?? '';
      edit(config, 'columns: {', 'format: { decimalComma: true },\n      columns: {');
    }
  }
  expect(seen.length).toBeGreaterThan(12);
});

/** Ctrl-C, after the file in hand. */
function watched(cwd: string, args: readonly string[]): Promise<Ran> {
  const stop = new AbortController();
  return tidemark(cwd, args, {
    stop: stop.signal,
    onOut: out => {
      if (out.includes('delta 3')) stop.abort();
    },
  });
}
