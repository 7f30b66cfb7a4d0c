// Two figures beside DuckDB on one thread, in one run: ingest of a CSV, and the merge of a few changes into a
// large table. Whole processes, alternated, pinned to one core where taskset exists; medians and ratios.
//   npm run bench -- [--rows 2000000] [--changes 10000] [--runs 5]
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { COLUMNS, writeChanges, writeTable } from './data.mjs';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '2000000' },
    changes: { type: 'string', default: '10000' },
    runs: { type: 'string', default: '5' },
  },
});
const [rows, changes, runs] = [Number(values.rows), Number(values.changes), Number(values.runs)];
const HERE = dirname(fileURLToPath(import.meta.url));
const CLI = join(HERE, '../dist/bin/tidemark.js');
const PEER = join(HERE, 'peer-duckdb.mjs');
const folder = mkdtempSync(join(tmpdir(), 'tidemark-bench-'));
const lake = join(folder, 'lake');
const csv = join(folder, 'orders.csv');
const changed = join(folder, 'shop/orders/20240101-000000000.csv');
const taskset = spawnSync('taskset', ['-c', '0', 'true']).status === 0 ? ['taskset', '-c', '0'] : [];

function measured(args) {
  const usage = join(folder, 'usage.json');
  const command = [...taskset, process.execPath, '--require', join(HERE, 'usage.cjs'), ...args];
  const from = performance.now();
  execFileSync(command[0], command.slice(1), {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, BENCH_USAGE: usage },
  });
  const wall = (performance.now() - from) / 1000;
  return { wall, ...JSON.parse(readFileSync(usage, 'utf8')) };
}

const median = list => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
const medians = taken =>
  Object.fromEntries(['wall', 'cpu', 'rss'].map(k => [k, median(taken.map(t => t[k]))]));

/** Alternates the two, each after its preparation, and gives both medians. */
function beside(ours, peer, prepare) {
  const taken = { ours: [], peer: [] };
  for (let i = 0; i < runs; i++) {
    prepare();
    taken.ours.push(measured(ours));
    taken.peer.push(measured(peer));
  }
  return { ours: medians(taken.ours), peer: medians(taken.peer) };
}

function report(name, { ours, peer }, extra) {
  const line = (who, m) =>
    `  ${who.padEnd(9)} wall ${m.wall.toFixed(2)} s   cpu ${m.cpu.toFixed(2)} s   peak ${m.rss.toFixed(0)} MB${extra ? `   ${extra(m)}` : ''}`;
  console.log(`${name}\n${line('tidemark', ours)}\n${line('duckdb', peer)}`);
  console.log(
    `  ratio     wall ${(ours.wall / peer.wall).toFixed(2)}   cpu ${(ours.cpu / peer.cpu).toFixed(2)}\n`,
  );
}

async function checksum(sql) {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const names = Object.keys(COLUMNS).map(c => `"${c}"`);
  const reader = await connection.runAndReadAll(
    `SELECT count(*)::VARCHAR, bit_xor(hash(${names.join(', ')}))::VARCHAR FROM (${sql})`,
  );
  return reader.getRows().join();
}

console.log(
  `${cpus()[0].model}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`,
);
console.log(
  `${rows} rows, ${changes} changes, medians of ${runs} runs${taskset.length ? ', one core' : ''}\n`,
);
mkdirSync(dirname(changed), { recursive: true });
writeTable(csv, rows);
writeChanges(changed, changes, rows);
const config = { name: 'bench', tables: { orders: { key: ['id'], columns: COLUMNS } } };
writeFileSync(join(folder, 'tidemark.config.json'), JSON.stringify(config));

const megabytes = statSync(csv).size / 1e6;
const table = join(folder, 'table.parquet');
const ingest = beside(
  [CLI, 'ingest', csv, '--date', '2023-01-01', '--no-merge'],
  [PEER, 'ingest', csv, table],
  () => rmSync(lake, { recursive: true, force: true }),
);
report(
  `ingest of ${megabytes.toFixed(0)} MB of CSV to typed zstd Parquet`,
  ingest,
  m => `${(megabytes / m.wall).toFixed(0)} MB/s`,
);

measured([CLI, 'merge']);
measured([CLI, 'ingest', changed, '--no-merge']);
const kept = join(folder, 'kept');
cpSync(lake, kept, { recursive: true });
const out = join(folder, 'merged.parquet');
const merge = beside([CLI, 'merge'], [PEER, 'merge', table, changed, out], () => {
  rmSync(lake, { recursive: true, force: true });
  cpSync(kept, lake, { recursive: true });
});
const csvOut = execFileSync(process.execPath, [CLI, 'query', 'SELECT * FROM orders', '--output', 'csv'], {
  cwd: folder,
  maxBuffer: 2 ** 31,
});
writeFileSync(join(folder, 'ours.csv'), csvOut);
const typed = Object.entries(COLUMNS).map(([n, t]) => `${n}::${t === 'string' ? 'VARCHAR' : t} AS ${n}`);
const ours = await checksum(
  `SELECT ${typed} FROM read_csv('${join(folder, 'ours.csv')}', all_varchar = true)`,
);
const theirs = await checksum(`SELECT * FROM '${out}'`);
report(`merge of ${changes} changes into ${rows} rows`, merge);
console.log(ours === theirs ? 'rows equal' : `ROWS DIFFER: ${ours} against ${theirs}`);
rmSync(folder, { recursive: true, force: true });
process.exitCode = ours === theirs ? 0 : 1;
