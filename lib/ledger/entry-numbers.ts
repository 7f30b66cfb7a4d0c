import type { Items } from '../ports/items';
import { entriesPage } from './entries';

/** Items of the first look for a name, and of a page at most where names stand close together. */
const LOOK = 8;
const PAGE_MAX = 512;

/**
 * The numbers of a table's entries 1..through, by the names that rows of the log bear. Rows also bear `_entry`, which is
 * at or before their entry's number and near it (docs/decisions/0011): a name is looked for from there on, so what is
 * read follows the names asked for, never the age of the table. Only a name that no entry has, which another engine made
 * up, is looked for to the end; once.
 */
export class EntryNumbers {
  private readonly known = new Map<string, number>();

  constructor(
    private readonly items: Items,
    private readonly table: string,
    private readonly through: number,
  ) {}

  /**
   * The numbers of those names that an entry has; a name without one was withdrawn, or its entry is beyond `through`.
   * @param wanted the `_entry` of each name's rows
   */
  async of(wanted: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
    const missing = [...wanted].filter(([name]) => !this.known.has(name)).sort((a, b) => a[1] - b[1]);
    let read = 0;
    let limit = LOOK;
    for (const [name, entry] of missing) {
      // What lies in between is read where that is no more than a look at the next place.
      if (entry > read + limit) {
        read = entry - 1;
        limit = LOOK;
      }
      while (!this.known.has(name) && read < this.through) {
        const page = await entriesPage(this.items, this.table, read, limit);
        for (const { n, name } of page) if (n <= this.through) this.known.set(name, n);
        if (page.length === 0) break;
        read = page.at(-1)!.n;
        limit = Math.min(2 * limit, PAGE_MAX);
      }
      if (!this.known.has(name)) this.known.set(name, NONE);
    }
    return this.known;
  }
}

/** No entry has this number. */
const NONE = 0;
