import type { LakeConfig, TableConfig } from '../../lib/config/define';

/** A file that arrives, and the changes that it means. */
export interface UglyFile {
  readonly key: string;
  readonly body: string;
  readonly rows: readonly UglyRow[];
}

interface UglyRow {
  readonly op: 'I' | 'U' | 'D';
  readonly id: number;
  readonly v: number;
}

/** The tables of a seed: people as DMS sends their changes in files, staff as whole rows a day, visits by the stream. */
export const peopleOf = (seed: number) => `people_${seed}`;
export const staffOf = (seed: number) => `staff_${seed}`;
export const visitsOf = (seed: number) => `visits_${seed}`;
export const reportOf = (seed: number) => `staff_daily_${seed}`;

export const DATES = ['2026-01-01', '2026-01-02', '2026-01-03'] as const;

/** Tables and a report of its own for each seed: all of them stand in one lake, as a deploy takes its time. */
export function uglyConfig(seeds: readonly number[]): Pick<LakeConfig, 'tables' | 'reports' | 'sources'> {
  const people: TableConfig = { key: ['id'], columns: { id: 'int', v: 'int' } };
  const staff: TableConfig = {
    key: ['id'],
    columns: { id: 'int', v: 'int', gone: 'boolean' },
    deletedWhen: { column: 'gone', equals: true },
  };
  return {
    tables: Object.fromEntries(
      seeds.flatMap(seed => [
        [peopleOf(seed), people],
        [staffOf(seed), staff],
        [visitsOf(seed), people],
      ]),
    ),
    sources: { stream: { kind: 'kinesis', format: 'dms' } },
    reports: Object.fromEntries(seeds.map(seed => [reportOf(seed), { table: staffOf(seed) }])),
  };
}

const KEYS = 6;
const CHANGE_FILES = 5;
const ROWS_MAX = 5;

/** A copy of the people, and then files of changes, in the order in which their source wrote them. */
export function peopleFiles(seed: number, random: () => number): UglyFile[] {
  const folder = `ugly/${peopleOf(seed)}`;
  const loaded = Array.from({ length: KEYS / 2 }, (_, i) => ({ op: 'I' as const, id: i + 1, v: 0 }));
  const load = {
    key: `${folder}/LOAD00000001.csv`,
    body: text(loaded.map(({ id, v }) => [id, v])),
    rows: loaded,
  };
  const changes = Array.from({ length: CHANGE_FILES }, (_, n) => {
    const rows = someRows(random, n + 1);
    return {
      key: `${folder}/2026010${n + 1}-000000000.csv`,
      body: text(rows.map(r => [r.op, r.id, r.v])),
      rows,
    };
  });
  return [load, ...changes];
}

/** A file that no row of may come in: its last value is no number. */
export function poisonedFile(seed: number): UglyFile {
  const key = `ugly/${peopleOf(seed)}/20260109-000000000.csv`;
  return {
    key,
    body: text([
      ['I', 1, 99],
      ['I', 2, 'poison'],
    ]),
    rows: [],
  };
}

/** The staff's changed rows of each date. */
export function staffFiles(seed: number, random: () => number): UglyFile[] {
  return DATES.map((date, n) => {
    // A row of a plain file stands for its key: one a key.
    const rows = [...new Map(someRows(random, n + 1).map(row => [row.id, row])).values()];
    const lines = rows.map(({ op, id, v }) => [id, v, op === 'D']);
    return { key: `${staffOf(seed)}-${date}.csv`, body: text([['id', 'v', 'gone'], ...lines]), rows };
  });
}

/** A record of a stream, and the change that it means. */
export interface UglyRecord extends Pick<UglyFile, 'body'> {
  readonly rows: readonly [UglyRow];
}

const RECORDS = 24;
const OPERATIONS = { I: 'insert', U: 'update', D: 'delete' } as const;

/** Changes of the visits as DMS puts them on a stream, each with its place in the source, in that order. */
export function visitRecords(seed: number, random: () => number): UglyRecord[] {
  return Array.from({ length: RECORDS }, (_, n) => {
    const [row] = someRows(random, n + 1) as [UglyRow];
    const { op, id, v } = row;
    const AR_H_CHANGE_SEQ = `20260101000000${String(n).padStart(21, '0')}`;
    const metadata = {
      'record-type': 'data',
      operation: OPERATIONS[op],
      'schema-name': 'ugly',
      'table-name': visitsOf(seed),
    };
    return { body: JSON.stringify({ data: { id, v, AR_H_CHANGE_SEQ }, metadata }), rows: [row] };
  });
}

function someRows(random: () => number, file: number): UglyRow[] {
  const below = (n: number) => Math.floor(random() * n);
  return Array.from({ length: 1 + below(ROWS_MAX) }, (_, i) => ({
    op: (['I', 'U', 'U', 'D'] as const)[below(4)]!,
    id: 1 + below(KEYS),
    v: file * 10 + i,
  }));
}

const text = (lines: readonly (readonly unknown[])[]) => lines.map(line => `${line.join(',')}\n`).join('');

/** The table after the files, in their order: `id | v`, sorted. */
export function foldOf(files: readonly Pick<UglyFile, 'rows'>[]): string[] {
  const table = new Map<number, number>();
  for (const { op, id, v } of files.flatMap(({ rows }) => rows)) {
    if (op === 'D') table.delete(id);
    else table.set(id, v);
  }
  return [...table].map(([id, v]) => `${id} | ${v}`).sort();
}

/** Every change of the files, as a log holds it: `id | v`, sorted. */
export function changesOf(files: readonly Pick<UglyFile, 'rows'>[]): string[] {
  return files.flatMap(({ rows }) => rows.map(({ id, v }) => `${id} | ${v}`)).sort();
}
