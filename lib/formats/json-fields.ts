import type { DeclaredColumn } from './format';
import type { ChangesRequest } from './json-changes';
import { type JsonScanner, memberName } from './json-scanner';
import type { FieldRole } from './layout';

/** Fields of what a change says beside its columns. */
export const OP = 0;
export const CHANGED_AT = 1;
export const SEQUENCE = 2;

/** As many as a table of MySQL can have. One record of thousands of names would make every batch as wide. */
export const COLUMNS_MAX = 4096;

/**
 * What each member name means, over all records. Names that differ in case alone are one column, as engines see it; so are
 * a column's own name and its aliases.
 */
export class Fields {
  readonly layout: FieldRole[];
  /** How many data columns there are. */
  columns = 0;
  private readonly byName = new Map<string, number>();
  private readonly byLower = new Map<string, number>();

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
    const { columns, where, key, aliases = {}, record = {} } = request;
    for (const column of columns)
      this.add(column, column.name !== record.text && column.name !== record.arrivedAt);
    // Asked for before anything else of a row is looked at, whoever names them first.
    for (const name of where ? [...Object.keys(where.equals), ...key] : [])
      if (this.find(name) === undefined) this.add({ name, type: 'string' });
    for (const [column, others] of Object.entries(aliases)) {
      const field = this.byName.get(column);
      for (const other of field === undefined ? [] : others) this.name(other, field!);
    }
  }

  find(name: string): number | undefined {
    return this.byName.get(name) ?? this.byLower.get(name.toLowerCase());
  }

  /** The field of a data column, whatever members are it. */
  columnOf(name: string): number {
    return this.layout.findIndex(field => field.role === 'data' && field.name === name);
  }

  /** The data columns in their order. */
  data(): (DeclaredColumn & { field: number; declared: boolean })[] {
    const declared = new Set(this.request.columns.map(column => column.name));
    return this.layout.flatMap(({ role, name, type }, field) =>
      role === 'data' ? [{ name, type, field, declared: declared.has(name) }] : [],
    );
  }

  /** A data column more; answers its field. One that no member is has no name here. */
  add({ name, type }: DeclaredColumn, named = true): number {
    this.columns++;
    const field = this.layout.push({ role: 'data', name, type }) - 1;
    if (named) this.name(name, field);
    return field;
  }

  private name(name: string, field: number): void {
    this.byName.set(name, field);
    this.byLower.set(name.toLowerCase(), field);
  }

  /** The before-image of a data column; answers its field. */
  addBefore(field: number): number {
    const { name, type } = this.layout[field]!;
    return this.layout.push({ role: 'before', name, type }) - 1;
  }
}

/** No field has the member's name. */
export const UNKNOWN = -1;

/**
 * The fields of an object's members. Records are mostly written alike, so what stood at a place in the one before is
 * tried first, by its bytes.
 */
export class MemberFields {
  private readonly keys: Uint8Array[] = [];
  private readonly found: number[] = [];

  constructor(private readonly fields: Fields) {}

  /** The field of the scanned member, UNKNOWN, or undefined for a broken escape. */
  of(scanner: JsonScanner, bytes: Uint8Array, member: number): number | undefined {
    const from = scanner.keyStarts[member]!;
    const to = scanner.keyEnds[member]!;
    const key = this.keys[member];
    if (key !== undefined && isSame(key, bytes, from, to)) return this.found[member]!;
    const name = memberName(scanner, bytes, member);
    if (name === undefined) return undefined;
    const field = this.fields.find(name);
    if (field === undefined) return UNKNOWN;
    this.keys[member] = bytes.slice(from, to);
    this.found[member] = field;
    return field;
  }
}

function isSame(key: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (key.length !== to - from) return false;
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[from + i]) return false;
  return true;
}
