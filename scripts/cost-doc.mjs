// Writes the tables of docs/cost.md: what stands, by the prices and the sum that `tidemark deploy` shows
// (lib/config/floor.ts), and what changes cost, by the calls that were counted. node scripts/cost-doc.mjs [--print]
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = join(ROOT, 'docs/cost.md');
const jiti = createJiti(import.meta.url);
const { PRICES, monthlyFloor, total } = await jiti.import('../lib/config/floor.ts');
const { resolveWhole } = await jiti.import('../lib/config/load-sync.ts');

const HOURS = 730;
const MINUTES = HOURS * 60;
const GB = 1e9;

/** What lib/config/floor.ts has no use for: US dollars in us-east-1. */
const BY_USE = {
  thousandPuts: 0.005,
  thousandGets: 0.0004,
  gigabyteMonth: 0.023,
  millionWriteUnits: 0.625,
  millionReadUnits: 0.125,
  millionCatalogCalls: 1,
  millionFifoRequests: 0.5,
  millionPayloadUnits: 0.014,
  logGigabyte: 0.5,
};

/** Seconds that a call takes, and none of them at once; a function of 512 MB has this part of a processor. */
const CALL_SECONDS = 0.02;
const FUNCTION_GB = 0.5;
const PROCESSOR = 512 / 1769;

/** Days until a data file that a merge replaced is gone: its snapshot, vacuum's two passes, S3's old versions. */
const REPLACED_DAYS = 32;

/** Counted and measured with the adapters of AWS: docs/cost.md says how. CPU in seconds of one core, bytes a minute. */
const INGEST = { puts: 1, gets: 6, readUnits: 14, writeUnits: 20, catalog: 2, calls: 30 };
const MERGE = { puts: 11, readUnits: 11, writeUnits: 4, catalog: 8 };
const LOADS = [
  { changes: 10, cpu: [0.14, 2.3], gets: 111, landed: 1e3, delta: 4e3, replaced: 9.6e6 },
  { changes: 1000, cpu: [0.17, 4.4], gets: 205, landed: 9e4, delta: 2e4, replaced: 10e6 },
  { changes: 100_000, cpu: [0.42, 4.8], gets: 205, landed: 9e6, delta: 1.2e6, replaced: 11.3e6 },
];

const ORDERS = { name: 'shop', tables: { orders: { key: ['id'], columns: { id: 'bigint' } } } };
const DMS = { kind: 'dms-s3', schemas: { shop: ['orders'] }, secretArn: 'arn:aws:secretsmanager:::secret:s' };
const FLOORS = [
  ['files alone', {}],
  ['and a stream', { sources: { events: { kind: 'kinesis', format: 'json' } } }],
  ['or DMS into files, in a network of its own', { sources: { dms: DMS } }],
];

const dollars = n => `$${n.toFixed(2)}`;
const row = cells => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map((_, i) => (i ? '---:' : '---'))), ...rows.map(row)];

function standing() {
  const floors = FLOORS.map(([, sources]) => monthlyFloor(resolveWhole({ ...ORDERS, ...sources }, PAGE)));
  return FLOORS.flatMap(([name], i) => [
    `**${name[0].toUpperCase()}${name.slice(1)}**: ${dollars(total(floors[i]))} a month.`,
    '',
    ...table(
      ['what', 'a month'],
      floors[i].map(({ what, month }) => [what, dollars(month)]),
    ),
    '',
  ]);
}

function month({ changes, cpu, gets, landed, delta, replaced }) {
  const seconds = [
    cpu[0] / PROCESSOR + INGEST.calls * CALL_SECONDS,
    cpu[1] / PROCESSOR + (gets + MERGE.puts + MERGE.readUnits + MERGE.catalog) * CALL_SECONDS,
  ];
  const computed = (seconds[0] + seconds[1]) * FUNCTION_GB * PRICES.gigabyteSecond;
  const requests =
    (INGEST.puts + MERGE.puts) * BY_USE.thousandPuts + (INGEST.gets + gets) * BY_USE.thousandGets;
  const ledger =
    (INGEST.readUnits + MERGE.readUnits) * BY_USE.millionReadUnits +
    (INGEST.writeUnits + MERGE.writeUnits) * BY_USE.millionWriteUnits;
  const queues = 3 * PRICES.millionQueueRequests + 3 * BY_USE.millionFifoRequests;
  const kept = (MINUTES * (landed + delta) + REPLACED_DAYS * 24 * 60 * replaced) / GB;
  return {
    name: `${changes.toLocaleString('en')} a minute`,
    seconds,
    parts: [
      ['functions', MINUTES * (computed + (2 * PRICES.millionInvocations) / 1e6)],
      ['requests of S3', (MINUTES * requests) / 1000],
      ['ledger', (MINUTES * ledger) / 1e6],
      ['Glue', (MINUTES * (INGEST.catalog + MERGE.catalog) * BY_USE.millionCatalogCalls) / 1e6],
      ['queues', (MINUTES * queues) / 1e6],
      ['logs of the functions, 6 KB a minute', ((MINUTES * 6e3) / GB) * BY_USE.logGigabyte],
      ['S3 at the end of the first month', kept * BY_USE.gigabyteMonth],
    ],
    kept,
    grows: ((MINUTES * (landed + delta)) / GB) * BY_USE.gigabyteMonth,
    stream: streamMonth(changes),
  };
}

/** Where the changes come as records of less than 25 KB: a shard takes 1,000 of them a second. */
function streamMonth(changes) {
  const shards = Math.ceil(changes / 60 / 1000);
  const hours = shards * (PRICES.shardHour + PRICES.shardHourKeptLonger) * HOURS;
  return { shards, month: hours + ((changes * MINUTES) / 1e6) * BY_USE.millionPayloadUnits };
}

function changing() {
  const months = LOADS.map(month);
  const sum = parts => parts.reduce((all, [, n]) => all + n, 0);
  return table(
    ['', ...months.map(({ name }) => name)],
    [
      ...months[0].parts.map(([what], i) => [what, ...months.map(({ parts }) => dollars(parts[i][1]))]),
      ['**sum**', ...months.map(({ parts }) => `**${dollars(sum(parts))}**`)],
      ['seconds of the merge, computed', ...months.map(({ seconds }) => seconds[1].toFixed(0))],
      ['GB in S3 at the end of the first month', ...months.map(({ kept }) => kept.toFixed(0))],
      ['each further month adds', ...months.map(({ grows }) => dollars(grows))],
      [
        'a stream for it, shards and records',
        ...months.map(({ stream }) => `${stream.shards}: ${dollars(stream.month)}`),
      ],
    ],
  );
}

/** The page with its two tables made anew, each between its own marks. */
function made(page) {
  const put = (text, mark, lines) => {
    const [before, rest] = text.split(`<!-- ${mark} -->\n`);
    return `${before}<!-- ${mark} -->\n\n${lines.join('\n').trim()}\n\n${rest.slice(rest.indexOf(`<!-- /${mark} -->`))}`;
  };
  return put(put(page, 'standing', standing()), 'changing', changing());
}

const page = made(readFileSync(PAGE, 'utf8'));
if (process.argv.includes('--print')) process.stdout.write(page);
else writeFileSync(PAGE, page);
