import fc from 'fast-check';
import type { NaiveChange } from './naive-fold';

/** One row of a generated file. `was` is the key before, where an update changes it. */
export interface HistoryRow {
  readonly op: 'I' | 'U' | 'D' | 'T';
  readonly id: number;
  readonly was: number | undefined;
  readonly at: number;
  readonly a: number | null | undefined;
  readonly b: string | null | undefined;
  readonly gone: boolean | null | undefined;
}

export interface HistoryFile {
  readonly form: 'json' | 'csv';
  readonly rows: readonly HistoryRow[];
}

/** What happens to a lake: files arrive (again: an earlier one once more), and merges run between them. */
export type HistoryStep =
  | { readonly kind: 'file'; readonly table: 0 | 1; readonly file: HistoryFile }
  | { readonly kind: 'again'; readonly pick: number }
  | { readonly kind: 'merge'; readonly table: 0 | 1 };

const KEYS = 4;
const POSITIONS = 24;

const maybe = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) });
const orAbsent = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: fc.constant(undefined) });

const row = (partial: boolean): fc.Arbitrary<HistoryRow> => {
  const cell = <T>(value: fc.Arbitrary<T>) => (partial ? orAbsent(maybe(value)) : maybe(value));
  return fc.record({
    op: fc.oneof(
      { weight: 5, arbitrary: fc.constant('I' as const) },
      { weight: 7, arbitrary: fc.constant('U' as const) },
      { weight: 4, arbitrary: fc.constant('D' as const) },
      { weight: 1, arbitrary: fc.constant('T' as const) },
    ),
    id: fc.integer({ min: 1, max: KEYS }),
    was: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: KEYS }) },
    ),
    at: fc.integer({ min: 0, max: POSITIONS }),
    a: cell(fc.integer({ min: 0, max: 9 })),
    b: cell(fc.constantFrom('x', 'y', '', 'é')),
    gone: cell(fc.boolean()),
  });
};

const file: fc.Arbitrary<HistoryFile> = fc.oneof(
  fc.record({
    form: fc.constant('json' as const),
    rows: fc.array(row(true), { minLength: 1, maxLength: 5 }),
  }),
  fc.record({
    form: fc.constant('csv' as const),
    rows: fc.array(row(false), { minLength: 1, maxLength: 5 }),
  }),
);

const table = fc.constantFrom(0 as const, 0 as const, 1 as const);

/** With `full`, no file is partial: then late changes take the short way and not the refold. */
export function history(full: boolean): fc.Arbitrary<HistoryStep[]> {
  const files = full
    ? fc.record({
        form: fc.constant('csv' as const),
        rows: fc.array(row(false), { minLength: 1, maxLength: 5 }),
      })
    : file;
  return fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('file' as const), table, file: files }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('again' as const), pick: fc.nat(20) }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('merge' as const), table }) },
    ),
    { minLength: 1, maxLength: 8 },
  );
}

const sequence = (at: number) => `202101010000000${at >> 2}${String(at & 3).padStart(19, '0')}`;

/** The file's text as its form writes it. */
export function textOf({ form, rows }: HistoryFile): string {
  if (form === 'csv') return csvOf(rows);
  return rows
    .map(r =>
      JSON.stringify({
        Op: r.op,
        AR_H_CHANGE_SEQ: sequence(r.at),
        ...(r.op === 'T' ? {} : { id: r.id, a: r.a, b: r.b, gone: r.gone }),
      }),
    )
    .join('\n');
}

function csvOf(rows: readonly HistoryRow[]): string {
  const text = (b: string | null | undefined) => (b === null || b === undefined ? '' : `"${b}"`);
  const lines = rows.map(r =>
    r.op === 'T'
      ? `T,${sequence(r.at)},,,,,`
      : `${r.op},${sequence(r.at)},${r.id},${r.a ?? ''},${text(r.b)},${r.gone ?? ''},${r.op === 'U' ? (r.was ?? '') : ''}`,
  );
  return `Op,AR_H_CHANGE_SEQ,id,a,b,gone,BI_id\n${lines.join('\n')}\n`;
}

/** The changes that the file means, as the naive fold takes them. */
export function changesOf(file: HistoryFile, entry: number, deletedWhen: boolean): NaiveChange[] {
  return file.rows.flatMap((r, i): NaiveChange[] => {
    const at = { entry, row: i, major: BigInt(r.at >> 2), minor: BigInt(r.at & 3) };
    if (r.op === 'T') return [{ ...at, op: 'T', key: '', values: {} }];
    const all = { a: r.a, b: r.b, gone: r.gone };
    const values = Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined));
    const op = deletedWhen && r.gone === true ? 'D' : r.op;
    const moved = file.form === 'csv' && r.op === 'U' && r.was !== undefined && r.was !== r.id;
    const change: NaiveChange = { ...at, op: moved && op === 'U' ? 'I' : op, key: String(r.id), values };
    return moved ? [{ ...at, op: 'D', key: String(r.was), values: {} }, change] : [change];
  });
}
