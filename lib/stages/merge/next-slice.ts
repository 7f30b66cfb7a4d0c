import { type Entry, entriesAfter, isLoad } from '../../ledger/entries';
import type { LakePorts } from '../../ports/lake-ports';
import { loadPortions } from '../../table/load-portions';
import type { LogView } from '../../table/log';
import { deltasPortion, type FoldPlace, type Portion, type PortionLimits } from '../../table/portion';

/** What one merge takes on: entries after `after` until a budget is reached, one at least; a load alone. */
export async function nextSlice(
  ports: Pick<LakePorts, 'items'>,
  table: string,
  after: number,
  limits: PortionLimits,
): Promise<Entry[]> {
  const slice: Entry[] = [];
  let rows = 0;
  let bytes = 0;
  for await (const entry of entriesAfter(ports.items, table, after)) {
    rows += entry.rows;
    bytes += entry.memory;
    if (slice.length > 0 && (isLoad(entry) || rows > limits.mergeRowsMax || bytes > limits.mergeBytesMax))
      break;
    slice.push(entry);
    if (isLoad(entry)) break;
  }
  return slice;
}

/** Which part of a table's entries is folded. */
export interface FoldSpan {
  readonly table: string;
  readonly from: FoldPlace;
  readonly through: number;
  /** Entries that are left out. */
  readonly skip?: (entry: Entry) => boolean;
}

/** The portions of a span, in order. */
export async function* portionsOf(
  ports: Pick<LakePorts, 'items'>,
  { table, from, through, skip }: FoldSpan,
  log: LogView,
  limits: PortionLimits,
): AsyncGenerator<Portion> {
  for (let place = from; place.after < through; ) {
    const slice = (await nextSlice(ports, table, place.after, limits)).filter(entry => entry.n <= through);
    if (slice.length === 0) return;
    const begun = place;
    place = { after: slice.at(-1)!.n, groups: 0 };
    const taken = slice.filter(entry => !skip?.(entry));
    if (taken.length === 0) continue;
    if (isLoad(taken[0]!)) yield* loadPortions(log, taken[0]!, limits, begun);
    else yield deltasPortion(taken);
  }
}
