// What DuckDB does in a load beside plain DuckDB doing the same repartition and sort in one COPY within the same memory, in
// one run: splits, packs and the check for repeated keys by workers of one thread each, whole processes. A worker that
// splits looks for keys that repeat in its group; then only parts whose keys meet those of another group are compared.
//   node bench/load.mjs [--rows 2000000] [--workers 1] [--group 100000000] [--scattered]
//     [--folder <keeps the copy>]
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { buildSync } from 'esbuild';
import { COLUMNS } from './data.mjs';

const HERE = fileURLToPath(import.meta.url);
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '2000000' },
    workers: { type: 'string', default: '1' },
    group: { type: 'string', default: '100000000' },
    folder: { type: 'string' },
    scattered: { type: 'boolean', default: false },
    work: { type: 'string' },
  },
});
const [rows, workers] = [Number(values.rows), Number(values.workers)];
const OWN = {
  _op: 'string',
  _pos_major: 'long',
  _pos_minor: 'long',
  _entry: 'long',
  _changed_at: 'timestamp',
  _source: 'string',
  _absent: 'string',
  date_received: 'date',
};
const fields = Object.entries({ ...COLUMNS, ...OWN }).map(([name, type], i) => ({
  id: i + 1,
  name,
  type: type === 'bigint' ? 'long' : type,
  required: false,
}));
const named = name => fields.find(f => f.name === name);
const limits = { rowGroupRowsMax: 122_880, rowGroupBytesMax: 8 << 20 };
const MONTH = "date_diff('month', DATE '1970-01-01', created_at)";

/** Sixteen columns of about 85 bytes a row as they are stored; ids in no order within a file; scattered, any id in any file. */
async function makeCopy(folder) {
  mkdirSync(folder, { recursive: true });
  const db = await DuckDBInstance.create(':memory:');
  const connection = await db.connect();
  const id = values.scattered ? `(range * 7919) % ${rows}` : 'range';
  const random = n => `to_base((hash(id * 8 + ${n}) >> 1)::BIGINT, 36)`;
  for (let f = 0; f * 200_000 < rows; f++) {
    const path = join(folder, `part-${String(f).padStart(5, '0')}.parquet`);
    await connection.run(
      `COPY (SELECT id, (h % 50000)::BIGINT AS customer_id, (['open', 'paid', 'sent', 'back'])[1 + (h % 4)::INT] AS status,
         ((h % 1000000) / 100)::DECIMAL(12,2) AS amount, ((g % 1000000) / 500)::DECIMAL(12,2) AS tax, (h % 100)::INTEGER AS quantity,
         (['Lyon', 'New York', 'São Paulo', 'Tokyo', 'Nairobi', 'Oslo', 'Lima', 'Perth'])[1 + (g % 8)::INT] AS city,
         concat_ws(' ', 'note', ${[0, 1, 2, 3, 4].map(random)}) AS note, 'user' || ${random(5)} || '@example.com' AS email,
         (g % 100003) / 7 AS score, g % 2 = 0 AS active, DATE '2010-01-01' + (h % 5000)::INT AS created_on,
         TIMESTAMP '2022-01-01' + to_microseconds(((g >> 1) % 63072000000000)::BIGINT) AS created_at,
         TIMESTAMP '2022-01-01' + to_seconds((h % 63072000)::BIGINT) AS updated_at,
         CASE WHEN h % 3 > 0 THEN 'r' || (h % 12) END AS region, 1::BIGINT AS version
       FROM (SELECT (${id})::BIGINT AS id, hash(range) AS h, hash(range + 77777777) AS g FROM range(${f * 200_000}, ${Math.min(rows, (f + 1) * 200_000)}))
       ORDER BY hash(id)) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`,
    );
  }
  db.closeSync();
}

/** What a worker process does: the tasks that stand in a file, one after the other. */
async function work(file) {
  const { bundle, temp, tasks } = JSON.parse(readFileSync(file, 'utf8'));
  const answers = [];
  if (tasks[0].plain) await plain(tasks[0].plain);
  else {
    const { duckDbCopyEngine, keyRange } = createRequire(HERE)(bundle);
    const engine = duckDbCopyEngine({ tempFolder: temp });
    const mark = { major: 1n, minor: 2n, entry: 3, source: 'load', dateReceived: '2024-01-01' };
    for (const { split, pack, repeated } of tasks) {
      if (split) {
        const parts = await engine.split({ ...split, mark });
        const pieces = parts.map(({ file }, part) => ({ file, part, firstRow: 0 }));
        const { keys } = await engine.repeated({ pieces, key: split.key }, 0);
        const range = part => keyRange(split.key[0], part.keys);
        answers.push(parts.map(p => ({ ...p, keys: range(p), group: split.group, repeats: keys > 0 })));
      }
      if (pack) answers.push(await engine.pack(pack));
      if (repeated) answers.push(await engine.repeated(repeated, 20));
    }
  }
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeFileSync(
    `${file}.out`,
    JSON.stringify({ answers, cpu: (userCPUTime + systemCPUTime) / 1e6, rss: maxRSS / 1024 }, (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    ),
  );
}

async function plain({ copy, out, temp }) {
  const options = { threads: String(workers), memory_limit: `${350 * workers}MB`, temp_directory: temp };
  const db = await DuckDBInstance.create(':memory:', options);
  const connection = await db.connect();
  await connection.run(
    `COPY (SELECT *, ${MONTH} AS p FROM read_parquet('${copy}/*.parquet') ORDER BY id) TO '${out}'
     (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 40960, PARTITION_BY (p))`,
  );
}

/** Tasks dealt out to processes: seconds in all, CPU of all, the memory of the greatest. */
async function inParallel(folder, common, tasks) {
  const from = performance.now();
  const done = Array.from({ length: Math.min(workers, tasks.length) }, async (_, w) => {
    const file = join(folder, `tasks-${w}.json`);
    writeFileSync(file, JSON.stringify({ ...common, tasks: tasks.filter((_, i) => i % workers === w) }));
    const child = spawn(process.execPath, [HERE, '--work', file, '--workers', String(workers)], {
      stdio: 'inherit',
    });
    const code = await new Promise(ended => child.once('exit', ended));
    if (code !== 0) throw new Error(`a worker ended with ${code}`);
    return JSON.parse(readFileSync(`${file}.out`, 'utf8'));
  });
  const all = await Promise.all(done);
  return {
    wall: (performance.now() - from) / 1000,
    cpu: all.reduce((sum, a) => sum + a.cpu, 0),
    rss: Math.max(...all.map(a => a.rss)),
    answers: all.flatMap(a => a.answers),
  };
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-bench-load-'));
  const bundle = join(dirname(HERE), '../dist/bench-load.cjs');
  buildSync({
    stdin: {
      contents: ['adapters/local/duckdb-copy', 'stages/load/key-ranges']
        .map(path => `export * from './lib/${path}';`)
        .join('\n'),
      resolveDir: join(dirname(HERE), '..'),
    },
    outfile: bundle,
    bundle: true,
    platform: 'node',
    packages: 'external',
  });
  const copy = values.folder ?? join(folder, 'copy');
  try {
    if (!existsSync(copy)) await makeCopy(copy);
    const files = readdirSync(copy)
      .sort()
      .map(name => ({ path: join(copy, name), name, bytes: statSync(join(copy, name)).size }));
    const common = { bundle, temp: join(folder, 'temp') };
    const show = (what, { wall, cpu, rss }) =>
      console.log(
        `${what.padEnd(22)} wall ${wall.toFixed(1)} s   cpu ${cpu.toFixed(1)} s   peak of a process ${rss.toFixed(0)} MB`,
      );
    console.log(
      `${rows} rows, ${files.length} files, ${(files.reduce((s, f) => s + f.bytes, 0) / 1e6).toFixed(0)} MB, ${workers} workers`,
    );

    const groups = [[]];
    let bytes = 0;
    for (const file of files) {
      if (bytes >= Number(values.group)) {
        groups.push([]);
        bytes = 0;
      }
      groups.at(-1).push(file);
      bytes += file.bytes;
    }
    const key = [named('id')];
    const splits = await inParallel(
      folder,
      common,
      groups.map((group, i) => ({
        split: {
          copy: { files: group },
          derive: {},
          fields,
          key,
          partitionBy: [{ source: named('created_at'), transform: 'month' }],
          countOn: key[0],
          group: i + 1,
          folder: join(folder, `split-${i}`),
          limits,
        },
      })),
    );
    show('split', splits);
    const parts = splits.answers.flat();
    const months = grouped(parts);
    const tableFields = fields.filter(
      f => !['_op', '_entry', '_source', '_absent', 'date_received'].includes(f.name),
    );
    const packs = await inParallel(
      folder,
      common,
      [...months].map(([month, own]) => ({
        pack: {
          parts: own.map(p => p.file),
          fields: tableFields,
          sortBy: [],
          key,
          file: join(folder, 'packs', `${month}.parquet`),
          limits,
        },
      })),
    );
    show('pack', packs);
    const packed = packs.answers.reduce((sum, p) => sum + p.rows, 0);
    if (packed !== rows) throw new Error(`${packed} rows in the packs`);
    const { meeting } = createRequire(HERE)(bundle);
    const pieces = meeting(parts).map(part => ({ file: parts[part].file, part, firstRow: 0 }));
    const check =
      pieces.length === 0
        ? { wall: 0, cpu: 0, rss: 0 }
        : await inParallel(folder, common, [{ repeated: { pieces, key } }]);
    show('repeated keys', check);
    const ours = {
      wall: splits.wall + packs.wall + check.wall,
      cpu: splits.cpu + packs.cpu + check.cpu,
      rss: Math.max(splits.rss, packs.rss, check.rss),
    };
    show('in all', ours);
    for (const name of readdirSync(folder).filter(n => /^(split|packs)/.test(n)))
      rmSync(join(folder, name), { recursive: true });
    const peer = await inParallel(folder, common, [
      { plain: { copy, out: join(folder, 'plain'), temp: join(folder, 'temp') } },
    ]);
    show('plain DuckDB', peer);
    console.log(
      `of plain DuckDB's throughput: ${(peer.wall / ours.wall).toFixed(2)} by time, ${(peer.cpu / ours.cpu).toFixed(2)} by CPU`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function grouped(parts) {
  const months = new Map();
  for (const part of parts) months.set(part.partition[0], [...(months.get(part.partition[0]) ?? []), part]);
  return months;
}

await (values.work ? work(values.work) : main());
