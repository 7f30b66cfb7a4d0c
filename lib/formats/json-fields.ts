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

/** What each member name means, over all records. Names that differ in case alone are one column, as engines see it. */
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
    for (const column of request.columns) this.add(column);
  }

  find(name: string): number | undefined {
    return this.byName.get(name) ?? this.byLower.get(name.toLowerCase());
  }

  /** The data columns in their order. */
  data(): (DeclaredColumn & { field: number; declared: boolean })[] {
    const declared = new Set(this.request.columns.map(column => column.name));
    return this.layout.flatMap(({ role, name, type }, field) =>
      role === 'data' ? [{ name, type, field, declared: declared.has(name) }] : [],
    );
  }

  /** A data column more; answers its field. */
  add({ name, type }: DeclaredColumn): number {
    this.columns++;
    const field = this.layout.push({ role: 'data', name, type }) - 1;
    this.byName.set(name, field);
    this.byLower.set(name.toLowerCase(), field);
    return field;
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
