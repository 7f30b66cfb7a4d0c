// Cold starts of the functions' bundles, as npm run build made them: loading, and the first useful work against the
// stand-ins of AWS (node scripts/aws.mjs start prints their environment), beside an empty handler in the same run.
// Every figure is a fresh process; medians of the runs. node bench/cold-start.mjs [--runs 5]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { place } from './cold-start-place.mjs';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const BUNDLES = fileURLToPath(new URL('../dist/lambdas', import.meta.url));
const INVOKE = fileURLToPath(new URL('invoke.cjs', import.meta.url));
const node = process.env.TIDEMARK_NODE24 ?? process.execPath;

const folder = mkdtempSync(join(tmpdir(), 'tidemark-cold-'));
const empty = join(folder, 'index.js');
writeFileSync(empty, 'exports.handler = async () => undefined;');
const { environment, events } = await place(folder);

function invoke(bundle, event) {
  const said = execFileSync(node, [INVOKE, bundle, JSON.stringify(event)], {
    encoding: 'utf8',
    env: { ...environment, POWERTOOLS_LOG_LEVEL: 'ERROR', NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(said.trim().split('\n').at(-1));
}

const median = list => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const taken = { empty: [] };
for (let run = 0; run < Number(values.runs); run++) {
  taken.empty.push(invoke(empty, {}));
  for (const [name, eventOf] of Object.entries(events)) {
    const event = await eventOf(run);
    taken[name] ??= [];
    taken[name].push(invoke(join(BUNDLES, name, 'index.js'), event));
  }
}
rmSync(folder, { recursive: true });

function zipped(name) {
  if (name === 'empty') return 0;
  const files = readdirSync(join(BUNDLES, name)).map(file => readFileSync(join(BUNDLES, name, file)));
  return files.reduce((sum, bytes) => sum + deflateRawSync(bytes, { level: 9 }).length, 0);
}

const base = median(taken.empty.map(({ all }) => all));
console.log(
  `${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}, medians of ${values.runs} runs\n`,
);
console.log('| function | zipped | load | first work | process, as a ratio to an empty handler |');
console.log('| --- | --- | --- | --- | --- |');
for (const [name, runs] of Object.entries(taken)) {
  const [load, work, all] = ['load', 'work', 'all'].map(part => median(runs.map(run => run[part])));
  const size = `${(zipped(name) / 1e6).toFixed(1)} MB`;
  console.log(
    `| ${name} | ${size} | ${load.toFixed(0)} ms | ${work.toFixed(0)} ms | ${(all / base).toFixed(1)} |`,
  );
}
