import { valueAt } from '../../columnar/kernels';
import type { Field, Scalar } from '../../columnar/types';
import { decodeValue } from '../../iceberg/single-value';
import type { ObjectStore } from '../../ports/object-store';
import { ENTRY, ownField, SOURCE, userFields } from '../../table/columns';
import { openFile } from '../../table/data-file';
import type { LiveFile } from '../../table/live-files';
import { columnsOf } from '../log-sql';
import { quoteText } from '../quote';

/** A log file as far as this matters: the least and greatest `_entry` of its rows, and the columns it has. */
interface Span {
  readonly live: LiveFile;
  readonly from: bigint;
  readonly to: bigint;
  readonly columns: ReadonlySet<number>;
}

/**
 * For each column that some log files lack altogether, a condition on `_entry` and `_source` that holds for exactly
 * their rows: they count as absent (PROTOCOL.md, I6), where SQL over the log table reads NULL. By column id.
 *
 * A column is there from some entry on, or up to one, so ranges of `_entry` say it; what stays is named by `_source`:
 * files written beside the first that had the column, or between files of a wider range.
 */
export async function lackingSql(
  store: ObjectStore,
  files: readonly LiveFile[],
  fields: readonly Field[],
): Promise<ReadonlyMap<number, string>> {
  const spans: Span[] = [];
  for (const live of files) spans.push(await spanOf(store, live, fields));
  spans.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const conditions = new Map<number, string>();
  for (const { id } of userFields(fields)) {
    const lacking = spans.filter(span => !span.columns.has(id));
    if (lacking.length === 0) continue;
    const having = joined(spans.filter(span => span.columns.has(id)));
    conditions.set(id, await conditionSql(store, lacking, having, fields));
  }
  return conditions;
}

type Range = Pick<Span, 'from' | 'to'>;

async function conditionSql(
  store: ObjectStore,
  lacking: readonly Span[],
  having: readonly Range[],
  fields: readonly Field[],
): Promise<string> {
  const between = gaps(having).filter(gap => lacking.some(span => within(span, gap)));
  const others = lacking.filter(span => !between.some(gap => within(span, gap)));
  const sources = new Set<string>();
  for (const { live } of others) for (const name of await sourcesOf(store, live, fields)) sources.add(name);
  const parts = between.map(gapSql);
  if (sources.size > 0) parts.push(`${SOURCE} IN (${[...sources].sort().map(quoteText).join(', ')})`);
  return `(${parts.join(' OR ')})`;
}

/** What a gap leaves open is undefined: the first begins, and the last ends, with the log. */
type Gap = { readonly after?: bigint; readonly before?: bigint };

/** Of spans in order: those that touch or overlap as one. */
function joined(spans: readonly Range[]): Range[] {
  const ranges: { from: bigint; to: bigint }[] = [];
  for (const { from, to } of spans) {
    const last = ranges.at(-1);
    if (!last || from > last.to + 1n) ranges.push({ from, to });
    else if (to > last.to) last.to = to;
  }
  return ranges;
}

function gaps(having: readonly Range[]): Gap[] {
  return [
    ...having.map((range, i) => ({ after: having[i - 1]?.to, before: range.from })),
    { after: having.at(-1)?.to },
  ];
}

const within = ({ from, to }: Range, { after, before }: Gap) =>
  (after === undefined || from > after) && (before === undefined || to < before);

function gapSql({ after, before }: Gap): string {
  if (after === undefined && before === undefined) return 'true';
  if (after === undefined) return `${ENTRY} < ${before}`;
  if (before === undefined) return `${ENTRY} > ${after}`;
  return `${ENTRY} > ${after} AND ${ENTRY} < ${before}`;
}

/** The manifest's bounds tell; a file whose writer stated none is read. */
async function spanOf(store: ObjectStore, live: LiveFile, fields: readonly Field[]): Promise<Span> {
  const { id } = ownField(fields, ENTRY);
  const columns = await columnsOf(store, live);
  const lower = live.file.metrics.lower.get(id);
  const upper = live.file.metrics.upper.get(id);
  if (lower && upper) {
    const bound = (bytes: Uint8Array) => decodeValue('long', bytes) as bigint;
    return { live, columns, from: bound(lower), to: bound(upper) };
  }
  const numbers = (await valuesOf(store, live, ownField(fields, ENTRY))) as bigint[];
  numbers.sort((a, b) => Number(a - b));
  return { live, columns, from: numbers[0] ?? 0n, to: numbers.at(-1) ?? 0n };
}

async function sourcesOf(store: ObjectStore, live: LiveFile, fields: readonly Field[]): Promise<Set<string>> {
  return new Set((await valuesOf(store, live, ownField(fields, SOURCE))) as string[]);
}

/** One column of a file, NULLs left out. */
async function valuesOf(store: ObjectStore, { file }: LiveFile, field: Field): Promise<Scalar[]> {
  const open = await openFile(store, file);
  const values: Scalar[] = [];
  for (let g = 0; g < open.footer.rowGroups.length; g++) {
    const { columns, length } = await open.read(g, [field]);
    for (let row = 0; row < length; row++) {
      const value = valueAt(columns[0]!, row);
      if (value !== null) values.push(value);
    }
  }
  return values;
}
