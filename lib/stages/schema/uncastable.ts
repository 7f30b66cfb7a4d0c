import { formatPosition } from '../../change/position';
import { castText } from '../../columnar/cast-text';
import type { Batch, Column } from '../../columnar/column';
import { isNull, valueAt } from '../../columnar/kernels';
import type { Field } from '../../columnar/types';
import type { ResolvedTable } from '../../config/resolved';
import type { DataFile } from '../../iceberg/data-file';
import { readEntry } from '../../ledger/entries';
import { EntryNumbers } from '../../ledger/entry-numbers';
import { FILE_ID_CHARS, readReceived } from '../../ledger/received';
import type { LakePorts } from '../../ports/lake-ports';
import { batchesOf, FOOTERS_AT_ONCE, mapAtOnce } from '../../table/at-once';
import { ENTRY, OP, ownField, POS_MAJOR, POS_MINOR, SOURCE } from '../../table/columns';
import { openFile } from '../../table/data-file';
import { deltasOf } from '../../table/read-changes';
import { castOf, isCast } from '../../table/retyped';

/** A text of a column that is no value of its declared type, and which change it stands in. */
export interface Uncastable {
  readonly column: string;
  readonly entry: number;
  /** The file or records that the entry came from. */
  readonly source: string;
  /** As `major:minor`. */
  readonly position: string;
  /** The row's key as text, in the key's order. */
  readonly key: readonly string[];
  readonly text: string;
  readonly reason: string;
}

export interface Uncastables {
  readonly count: number;
  /** Those of the key: they can never be NULL. */
  readonly ofKey: number;
  /** Those of the key that are NULL, in a table that had no key. */
  readonly keyless: number;
  /** The first LISTED_MAX. */
  readonly first: readonly Uncastable[];
}

export const LISTED_MAX = 100;

const TEXT_CHARS_MAX = 200;

/**
 * Texts in the log's files that are no values of the types their columns are declared with; those of deletes count only
 * in the key, as their other columns are never read. In a table that had no key, rows whose key is NULL too. Files that
 * have the values, as their writers say, are not asked. Memory holds small files, FOOTERS_AT_ONCE of them, and of a larger
 * one a row group.
 * @param fields the log's, with the columns retyped
 */
export async function findUncastable(
  ports: LakePorts,
  table: Looked,
  fields: readonly Field[],
  files: AsyncIterable<DataFile>,
): Promise<Uncastables> {
  const found = new Found(ports, table, fields);
  for await (const listed of batchesOf(thoseToAsk(table, fields, files), FOOTERS_AT_ONCE)) {
    const opened = await mapAtOnce(listed, FOOTERS_AT_ONCE, file => openFile(ports.store, file));
    for (const file of opened) {
      const has = new Set(file.footer.columns.map(c => c.fieldId));
      const casts = fields.filter(f => isCast(f, id => has.has(id)));
      if (casts.length === 0 && !table.keyless) continue;
      const reads = found.fieldsFor(casts);
      for (let group = 0; group < file.footer.rowGroups.length; group++)
        for await (const batch of file.pieces(group, reads)) await found.look(batch, casts);
    }
  }
  return found;
}

/** Those that may have texts alone: all that their writers do not say to have the values. */
async function* thoseToAsk(table: Looked, fields: readonly Field[], files: AsyncIterable<DataFile>) {
  for await (const file of files) {
    const lacksValues = fields.some(f => castOf(f) !== undefined && !file.metrics.valueCounts.has(f.id));
    if (file.content === 0 && (table.keyless || lacksValues)) yield file;
  }
}

interface Fault {
  readonly row: number;
  readonly reason: string;
}

/** @property keyless its rows came in without a look at their key */
type Looked = Pick<ResolvedTable, 'name' | 'key'> & { readonly keyless: boolean };

class Found implements Uncastables {
  count = 0;
  ofKey = 0;
  keyless = 0;
  readonly first: Uncastable[] = [];
  private readonly numbers: EntryNumbers;
  private readonly key: readonly Field[];

  constructor(
    private readonly ports: LakePorts,
    private readonly table: Looked,
    private readonly fields: readonly Field[],
  ) {
    this.numbers = new EntryNumbers(ports.items, table.name, Number.POSITIVE_INFINITY);
    this.key = table.key.map(name => fields.find(f => f.name === name)!);
  }

  /** What a look at the columns reads, each once: their texts, and what names a row. */
  fieldsFor(casts: readonly Field[]): Field[] {
    const own = [OP, POS_MAJOR, POS_MINOR, ENTRY, SOURCE].map(name => ownField(this.fields, name));
    const all = [...casts.map(f => this.textOf(f)), ...this.keyOf(casts), ...own];
    return [...new Map(all.map(f => [f.id, f])).values()];
  }

  async look(batch: Batch, casts: readonly Field[]): Promise<void> {
    if (this.table.keyless) await this.lookAtKey(batch, casts);
    const ops = columnOf(batch, ownField(this.fields, OP));
    for (const field of casts) {
      const isKey = this.key.includes(field);
      const faults: Fault[] = [];
      castText(columnOf(batch, this.textOf(field)), field.type, (row, reason) => {
        const op = valueAt(ops, row);
        if (isKey || op === 'I' || op === 'U') faults.push({ row, reason });
      });
      if (faults.length > 0) await this.note(batch, { field, casts }, faults);
    }
  }

  private async lookAtKey(batch: Batch, casts: readonly Field[]): Promise<void> {
    const stored = this.keyOf(casts);
    for (const [k, field] of this.key.entries()) {
      const column = columnOf(batch, stored[k]!);
      const faults: Fault[] = [];
      for (let row = 0; row < batch.length; row++)
        if (isNull(column, row)) faults.push({ row, reason: 'NULL is no value of a key' });
      if (faults.length > 0) this.keyless += await this.note(batch, { field, casts }, faults);
    }
  }

  /** How many they are: rows of no entry are none of ours. */
  private async note(
    batch: Batch,
    { field, casts }: { readonly field: Field; readonly casts: readonly Field[] },
    faults: readonly Fault[],
  ): Promise<number> {
    const before = this.count;
    const rows = Uint32Array.from(faults, fault => fault.row);
    const numbers = await this.numbers.of(deltasOf(batch, rows));
    const at = (name: string, row: number) => valueAt(columnOf(batch, ownField(this.fields, name)), row);
    for (const { row, reason } of faults) {
      const entry = numbers.get(String(at(SOURCE, row)));
      if (!entry) continue;
      this.count++;
      if (this.key.includes(field)) this.ofKey++;
      if (this.first.length >= LISTED_MAX) continue;
      const value = (text: Field) => String(valueAt(columnOf(batch, text), row)).slice(0, TEXT_CHARS_MAX);
      this.first.push({
        column: field.name,
        entry,
        source: await this.sourceOf(entry),
        position: formatPosition({
          major: at(POS_MAJOR, row) as bigint,
          minor: at(POS_MINOR, row) as bigint,
        }),
        key: this.keyOf(casts).map(value),
        text: value(casts.includes(field) ? this.textOf(field) : field),
        reason,
      });
    }
    return this.count - before;
  }

  private async sourceOf(n: number): Promise<string> {
    const { source = '' } = (await readEntry(this.ports.items, this.table.name, n)) ?? {};
    const received = await readReceived(this.ports.items, source.slice(0, FILE_ID_CHARS));
    return received?.object ?? source;
  }

  /** The key as a file has it. @param casts the fields that it has as texts alone */
  private keyOf(casts: readonly Field[]): Field[] {
    return this.key.map(field => (casts.includes(field) ? this.textOf(field) : field));
  }

  /** The column of the texts, of a column that is cast; any other itself. */
  private textOf(field: Field): Field {
    return this.fields.find(f => f.id === castOf(field)) ?? field;
  }
}

function columnOf(batch: Batch, field: Field): Column {
  return batch.columns[batch.fields.findIndex(f => f.id === field.id)]!;
}
