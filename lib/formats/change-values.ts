import { ambiguousValue, inexactNumber, notJsonObject, type RowFault, unparsableValue } from './errors';
import { isScientific, plainDigits } from './exact-number';
import type { ValueForm, ValueForms } from './json-changes';
import type { Fields } from './json-fields';
import { JsonKind, type JsonScanner, unescapeString } from './json-scanner';
import { textOf } from './record-members';
import type { Sink } from './where';

/** How the values of each field are written; where nothing stands, as plain JSON. */
type Forms = (ValueForm | undefined)[];
const PLAIN: Forms = [];

interface Reading {
  /** Fields of the key. */
  readonly key: ReadonlySet<number>;
  /** Types as the config names them, by column. */
  readonly written: Readonly<Record<string, string>>;
  readonly into: Sink<RowFault>;
}

/** Reads the values of changes, as their source writes them. */
export class ChangeValues {
  /** Where they go. */
  into: Sink<RowFault>;
  private forms = PLAIN;
  private readonly known = new Map<ValueForms, Forms>();
  /** Where a text stands that was made, until it is read. */
  private readonly scratch = Buffer.alloc(1024);

  constructor(
    private readonly fields: Fields,
    private readonly reading: Reading,
  ) {
    this.into = reading.into;
  }

  /** From now on, for all fields that there are. */
  writtenAs(forms: ValueForms | undefined): void {
    this.forms = forms ? this.formsOf(forms) : PLAIN;
  }

  private formsOf(forms: ValueForms): Forms {
    const known = this.known.get(forms) ?? [];
    this.known.set(forms, known);
    const { written } = this.reading;
    for (let field = known.length; field < this.fields.layout.length; field++) {
      const { role, name, type } = this.fields.layout[field]!;
      const said = Object.hasOwn(written, name) ? written[name] : undefined;
      known.push(role === 'data' ? forms.formOf({ name, type }, said) : undefined);
    }
    return known;
  }

  /** @param column the data field that the slot is, or is the before-image of */
  value(
    slot: number,
    scanner: JsonScanner,
    member: number,
    bytes: Uint8Array,
    column = slot,
  ): RowFault | undefined {
    const from = scanner.starts[member]!;
    return this.valueAt(slot, column, bytes, scanner.kinds[member]!, from, scanner.ends[member]!);
  }

  valueAt(
    slot: number,
    column: number,
    bytes: Uint8Array,
    kind: JsonKind,
    from: number,
    to: number,
  ): RowFault | undefined {
    if (kind === JsonKind.Null) return this.into.null(slot);
    const form = this.forms[column];
    if (kind === JsonKind.Escaped) {
      const text = unescapeString(bytes, from, to);
      if (text === undefined) return notJsonObject(`${this.fields.layout[slot]!.name}: a broken escape`);
      return form ? this.formed(slot, form, text, JsonKind.Text) : this.plain(slot, text);
    }
    if (form) return this.formed(slot, form, textOf(bytes, { from, to }), kind);
    if (kind === JsonKind.Number && this.isExact(column) && isScientific(bytes, from, to)) {
      const text = textOf(bytes, { from, to });
      const plain = plainDigits(text);
      if (plain === undefined) return inexactNumber(text, this.fields.layout[slot]!.name);
      return this.plain(slot, plain);
    }
    return this.into.text(slot, bytes, from, to);
  }

  /** A text that stands in no bytes of a record. */
  plain(slot: number, text: string): RowFault | undefined {
    const { scratch } = this;
    const fits = 3 * text.length <= scratch.length;
    const bytes = fits ? scratch : Buffer.from(text);
    return this.into.text(slot, bytes, 0, fits ? scratch.write(text) : bytes.length);
  }

  private formed(slot: number, form: ValueForm, text: string, kind: JsonKind): RowFault | undefined {
    const formed = form(text, kind);
    if (typeof formed === 'string') return this.plain(slot, formed);
    const { name, type } = this.fields.layout[slot]!;
    if ('meanings' in formed) return ambiguousValue(name, text, formed.meanings);
    const why = formed.why === '' ? `not ${type}` : formed.why;
    return unparsableValue(name, `"${text.slice(0, 60)}" is ${why}`);
  }

  /** Columns of which every digit counts: integers, decimals, and keys whatever their type. */
  private isExact(field: number): boolean {
    const { type } = this.fields.layout[field]!;
    return type === 'int' || type === 'long' || type.startsWith('decimal') || this.reading.key.has(field);
  }
}
