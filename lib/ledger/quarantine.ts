import type { Item, Items, ItemValue } from '../ports/items';
import { quarantineKey } from './keys';

/** A row that was put aside: its ordinal in the file, its line, and why. */
export interface QuarantinedRow {
  readonly row: number;
  readonly line: number;
  readonly column?: string;
  readonly code: string;
  readonly reason: string;
}

/** A file that waits, whole or for some of its rows. The copy's bytes are what was received. */
export interface Quarantined {
  /** The file's identity: the same bad file again is the same record. */
  readonly id: string;
  /** The object's name as it was received. */
  readonly object: string;
  readonly table: string;
  readonly code: string;
  readonly reason: string;
  /** The copy's key in the lake's store. */
  readonly copy: string;
  /** What `ingest` was told, for the replay. */
  readonly date?: string;
  readonly askedTable?: string;
  /** file: nothing of it was taken in. rows: only these rows were not. */
  readonly scope: 'file' | 'rows';
  readonly rows: readonly QuarantinedRow[];
  /** Bad rows in all; `rows` lists the first of them when the whole file waits. */
  readonly badRows: number;
  /** When it was first put aside, milliseconds since 1970: the arrival that its position counts from. */
  readonly at: number;
}

export async function putAside(items: Items, record: Quarantined): Promise<void> {
  await items.transact([
    { put: quarantineKey(record.id), value: JSON.parse(JSON.stringify(record)) as ItemValue },
  ]);
}

export async function readQuarantined(items: Items, id: string): Promise<Quarantined | undefined> {
  const item = await items.get(quarantineKey(id));
  return item && recordOf(item);
}

export async function release(items: Items, id: string): Promise<void> {
  await items.transact([{ delete: quarantineKey(id) }]);
}

export async function listQuarantined(items: Items): Promise<Quarantined[]> {
  const all: Quarantined[] = [];
  for await (const record of eachQuarantined(items)) all.push(record);
  return all;
}

/** The same, one after the other: there may be many. */
export async function* eachQuarantined(items: Items): AsyncGenerator<Quarantined> {
  for (let after: string | undefined; ; ) {
    const page = await items.query('quarantine', '', {
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    for (const item of page) yield recordOf(item);
    if (page.length < PAGE) return;
    after = page.at(-1)?.sort;
  }
}

const PAGE = 500;

function recordOf(item: Item): Quarantined {
  return item.value as unknown as Quarantined;
}
