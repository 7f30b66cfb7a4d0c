import { notJsonObject, type RowFault, tooManyColumns } from './errors';
import type { DeclaredColumn } from './format';
import type { ChangesRequest, JsonChange, Span } from './json-changes';
import { type JsonScanner, memberName } from './json-scanner';
import type { FieldRole } from './layout';

/** Fields of what a change says beside its columns. */
export const OP = 0;
export const CHANGED_AT = 1;
export const SEQUENCE = 2;

/** As many as a table of MySQL can have. One record of thousands of names would make every batch as wide. */
const COLUMNS_MAX = 4096;

/** What each member name means, over all records. Names that differ in case alone are one column, as engines see it. */
export class Fields {
  readonly layout: FieldRole[];
  /** The before-image of each data field that has one. */
  readonly before = new Map<number, number>();
  private readonly byName = new Map<string, number>();
  private readonly byLower = new Map<string, number>();
  private columns = 0;

  constructor(private readonly request: ChangesRequest) {
    const { op, changedAt, sequence } = request.bookkeeping;
    this.layout = [
      { role: 'op', name: op ?? 'op', type: 'string' },
      { role: 'changedAt', name: changedAt ?? 'changed at', type: 'timestamp' },
      { role: 'sequence', name: sequence ?? 'sequence', type: 'string' },
    ];
    for (const [name, field] of [
      [op, OP],
      [changedAt, CHANGED_AT],
      [sequence, SEQUENCE],
    ] as const)
      if (name !== undefined) this.byName.set(name, field);
    for (const column of request.columns) this.add(column);
  }

  find(name: string): number | undefined {
    return this.byName.get(name) ?? this.byLower.get(name.toLowerCase());
  }

  /** The data columns in their order. */
  data(): (DeclaredColumn & { field: number; declared: boolean })[] {
    return this.layout.flatMap(({ role, name, type }, field) =>
      role === 'data'
        ? [{ name, type, field, declared: this.request.columns.some(c => c.name === name) }]
        : [],
    );
  }

  /** Makes room for a record's names; a record that has a fault makes none. */
  meet(change: JsonChange, scanner: JsonScanner): RowFault | undefined {
    const names = namesOf(scanner, change.bytes, change.row);
    if (!Array.isArray(names)) return names;
    const fresh: string[] = [];
    for (const name of names) {
      if (this.find(name) !== undefined) continue;
      const fault = this.request.refuses(name);
      if (fault) return fault;
      fresh.push(name);
    }
    const olds = change.before ? namesOf(scanner, change.bytes, change.before) : [];
    if (!Array.isArray(olds)) return olds;
    if (fresh.length > 0 && this.columns + fresh.length > COLUMNS_MAX) return tooManyColumns(COLUMNS_MAX);
    for (const name of fresh) if (this.find(name) === undefined) this.add({ name, type: 'string' });
    for (const name of olds) this.addBefore(name);
    return undefined;
  }

  private add({ name, type }: DeclaredColumn): void {
    this.columns++;
    const field = this.layout.push({ role: 'data', name, type }) - 1;
    this.byName.set(name, field);
    this.byLower.set(name.toLowerCase(), field);
  }

  private addBefore(name: string): void {
    const field = this.find(name);
    if (field === undefined || this.before.has(field)) return;
    const { role, name: column, type } = this.layout[field]!;
    if (role === 'data') this.before.set(field, this.layout.push({ role: 'before', name: column, type }) - 1);
  }
}

/** The member names of an object, or why it is none. */
function namesOf(scanner: JsonScanner, bytes: Uint8Array, { from, to }: Span): string[] | RowFault {
  const broken = scanner.scan(bytes, from, to);
  if (broken) return notJsonObject(broken);
  const names: string[] = [];
  for (let i = 0; i < scanner.members; i++) {
    const name = memberName(scanner, bytes, i);
    if (name === undefined) return notJsonObject('a name with a broken escape');
    names.push(name);
  }
  return names;
}
