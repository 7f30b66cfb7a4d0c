import { type Entry, entriesAfter, isLoad } from '../../ledger/entries';
import type { LakePorts } from '../../ports/lake-ports';
import { deltasPortion, loadPortions, type Portion, type PortionLimits } from '../../table/portion';

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

/** The portions of the entries after `after` through `through`, in order; `skip` leaves some out. */
export async function* portionsThrough(
  ports: Pick<LakePorts, 'items' | 'store'>,
  table: string,
  { after, through }: { readonly after: number; readonly through: number },
  limits: PortionLimits,
  skip: (entry: Entry) => boolean = () => false,
): AsyncGenerator<Portion> {
  for (let last = after; last < through; ) {
    const slice = (await nextSlice(ports, table, last, limits)).filter(entry => entry.n <= through);
    if (slice.length === 0) return;
    last = slice.at(-1)!.n;
    const taken = slice.filter(entry => !skip(entry));
    if (taken.length === 0) continue;
    if (isLoad(taken[0]!)) yield* loadPortions(ports, taken[0]!, limits);
    else yield deltasPortion(taken);
  }
}
