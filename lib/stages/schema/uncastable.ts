import { formatPosition } from '../../change/position';
import { castText } from '../../columnar/cast-text';
import type { Batch, Column } from '../../columnar/column';
import { valueAt } from '../../columnar/kernels';
import type { Field } from '../../columnar/types';
import type { ResolvedTable } from '../../config/resolved';
import type { DataFile } from '../../iceberg/data-file';
import { readEntry } from '../../ledger/entries';
import { EntryNumbers } from '../../ledger/entry-numbers';
import { FILE_ID_CHARS, readReceived } from '../../ledger/received';
import type { LakePorts } from '../../ports/lake-ports';
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
  /** The first LISTED_MAX. */
  readonly first: readonly Uncastable[];
}

export const LISTED_MAX = 100;

const TEXT_CHARS_MAX = 200;

/**
 * Texts in the log's files that are no values of the types their columns are declared with; those of deletes count only
 * in the key, as their other columns are never read. File by file: memory holds a piece of a row group.
 * @param fields the log's, with the columns retyped
 */
export async function findUncastable(
  ports: LakePorts,
  table: Pick<ResolvedTable, 'name' | 'key'>,
  fields: readonly Field[],
  files: AsyncIterable<DataFile>,
): Promise<Uncastables> {
  const found = new Found(ports, table, fields);
  for await (const listed of files) {
    if (listed.content !== 0) continue;
    const file = await openFile(ports.store, listed);
    const has = new Set(file.footer.columns.map(c => c.fieldId));
    const casts = fields.filter(f => isCast(f, id => has.has(id)));
    if (casts.length === 0) continue;
    for (let group = 0; group < file.footer.rowGroups.length; group++)
      for await (const batch of file.pieces(group, found.fieldsFor(casts))) await found.look(batch, casts);
  }
  return found;
}

class Found implements Uncastables {
  count = 0;
  ofKey = 0;
  readonly first: Uncastable[] = [];
  private readonly numbers: EntryNumbers;
  private readonly key: readonly Field[];

  constructor(
    private readonly ports: LakePorts,
    private readonly table: Pick<ResolvedTable, 'name' | 'key'>,
    private readonly fields: readonly Field[],
  ) {
    this.numbers = new EntryNumbers(ports.items, table.name, Number.POSITIVE_INFINITY);
    this.key = table.key.map(name => this.textOf(fields.find(f => f.name === name)!));
  }

  /** What a look at the columns reads, each once: their texts, and what names a row. */
  fieldsFor(casts: readonly Field[]): Field[] {
    const own = [OP, POS_MAJOR, POS_MINOR, ENTRY, SOURCE].map(name => ownField(this.fields, name));
    const all = [...casts.map(f => this.textOf(f)), ...this.key, ...own];
    return [...new Map(all.map(f => [f.id, f])).values()];
  }

  async look(batch: Batch, casts: readonly Field[]): Promise<void> {
    const ops = columnOf(batch, ownField(this.fields, OP));
    for (const field of casts) {
      const isKey = this.table.key.includes(field.name);
      const faults: { row: number; reason: string }[] = [];
      castText(columnOf(batch, this.textOf(field)), field.type, (row, reason) => {
        const op = valueAt(ops, row);
        if (isKey || op === 'I' || op === 'U') faults.push({ row, reason });
      });
      if (faults.length > 0) await this.note(batch, field, faults, isKey);
    }
  }

  /** Rows of no entry are none of ours. */
  private async note(
    batch: Batch,
    field: Field,
    faults: readonly { readonly row: number; readonly reason: string }[],
    isKey: boolean,
  ): Promise<void> {
    const rows = Uint32Array.from(faults, fault => fault.row);
    const numbers = await this.numbers.of(deltasOf(batch, rows));
    const at = (name: string, row: number) => valueAt(columnOf(batch, ownField(this.fields, name)), row);
    for (const { row, reason } of faults) {
      const entry = numbers.get(String(at(SOURCE, row)));
      if (!entry) continue;
      this.count++;
      if (isKey) this.ofKey++;
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
        key: this.key.map(value),
        text: value(this.textOf(field)),
        reason,
      });
    }
  }

  private async sourceOf(n: number): Promise<string> {
    const { source = '' } = (await readEntry(this.ports.items, this.table.name, n)) ?? {};
    const received = await readReceived(this.ports.items, source.slice(0, FILE_ID_CHARS));
    return received?.object ?? source;
  }

  /** The column of the texts, of a column that is cast; any other itself. */
  private textOf(field: Field): Field {
    return this.fields.find(f => f.id === castOf(field)) ?? field;
  }
}

function columnOf(batch: Batch, field: Field): Column {
  return batch.columns[batch.fields.findIndex(f => f.id === field.id)]!;
}
