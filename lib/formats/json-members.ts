import type { ColumnNames } from './aliases';
import { notJsonObject, type RowFault, recordsOwn, standsTwice } from './errors';
import type { DecodeRequest } from './format';
import { JsonScanner, memberName } from './json-scanner';
import { type Bookkeeping, bookkeepingRole, type FieldRole, meantBy } from './layout';

export const UNSEEN = -1;
/** The member is no column, and others are left out. */
const IGNORED = -1;
/** The member is called like a column that is made of the row as a whole. */
const RECORDS_OWN = -2;

/** The members of one line's object after the other, each by what it is. */
export class LineMembers {
  readonly scanner = new JsonScanner();
  /** What the members seen so far are, in the order first seen. */
  readonly layout: FieldRole[] = [];
  /** The fields that the row has, in its order. */
  readonly seen: number[] = [];
  /** Why the row is at odds with itself or with its table. */
  clash: RowFault | undefined;
  private readonly keys = new KeyTable();
  private readonly fields: number[] = [];
  private readonly places = new Map<string, number>();
  private readonly meant: ColumnNames;
  private readonly recordsOwn: ReadonlySet<string | undefined>;
  private at = new Int32Array(64).fill(UNSEEN);

  constructor(
    private readonly request: DecodeRequest,
    private readonly bookkeeping: Bookkeeping,
  ) {
    const { columns, record = {} } = request;
    this.recordsOwn = new Set([record.text, record.arrivedAt].map(name => name?.toLowerCase()));
    const ofRows = columns.filter(({ name }) => !this.recordsOwn.has(name.toLowerCase()));
    this.meant = meantBy({ ...request, columns: ofRows });
  }

  /** Reads one object. Answers why it cannot be read. */
  read(bytes: Uint8Array, from: number, to: number): RowFault | undefined {
    const { scanner } = this;
    for (const field of this.seen) this.at[field] = UNSEEN;
    this.seen.length = 0;
    this.clash = undefined;
    const broken = scanner.scan(bytes, from, to);
    if (broken) return notJsonObject(broken);
    for (let member = 0; member < scanner.members; member++) {
      const key = this.keys.find(bytes, scanner, member);
      if (key === undefined) return notJsonObject('a name with a broken escape');
      const field = this.fields[key] ?? this.add(key);
      if (field === RECORDS_OWN) this.clash ??= recordsOwn(this.keys.names[key]!);
      if (field < 0) continue;
      const other = this.at[field]!;
      if (other !== UNSEEN) this.clash ??= this.twice(bytes, field, [other, member]);
      else {
        this.at[field] = member;
        this.seen.push(field);
      }
    }
    return undefined;
  }

  /** The row's member that the field is, or UNSEEN. */
  of(field: number): number {
    return this.at[field] ?? UNSEEN;
  }

  /** The field of a column, if a member was seen that is it. */
  find({ role, name }: Pick<FieldRole, 'role' | 'name'>): number | undefined {
    return this.places.get(`${role} ${name}`);
  }

  private add(key: number): number {
    const field = this.fieldOf(this.keys.names[key]!);
    this.fields[key] = field;
    return field;
  }

  private fieldOf(name: string): number {
    const { others } = this.request;
    const column = this.meant.find(name);
    const own = bookkeepingRole(name, this.bookkeeping);
    if (!own && !column && others === 'omit') return IGNORED;
    if (!own && !column && this.recordsOwn.has(name.toLowerCase())) return RECORDS_OWN;
    const is = own ?? { role: 'data', name: column?.name ?? name, type: column?.type ?? 'string' };
    const known = this.find(is);
    if (known !== undefined) return known;
    const field = this.layout.push(is) - 1;
    this.places.set(`${is.role} ${is.name}`, field);
    if (field >= this.at.length) this.grow();
    return field;
  }

  private twice(bytes: Uint8Array, field: number, members: readonly number[]): RowFault {
    const [one, other] = members.map(member => memberName(this.scanner, bytes, member)!);
    return standsTwice(this.layout[field]!.name, one!, other!);
  }

  private grow(): void {
    const at = new Int32Array(2 * this.at.length).fill(UNSEEN);
    at.set(this.at);
    this.at = at;
  }
}

/** Member names by number. Lines mostly have the same members in the same order: the next one is tried first. */
class KeyTable {
  readonly names: string[] = [];
  private readonly encoded: Uint8Array[] = [];
  private readonly numbers = new Map<string, number>();
  private expected = 0;

  /** The number of the scanner's member i, a new name's if need be; undefined for a broken escape. */
  find(bytes: Uint8Array, scanner: JsonScanner, i: number): number | undefined {
    const from = scanner.keyStarts[i]!;
    const to = scanner.keyEnds[i]!;
    const expected = i === 0 ? 0 : this.expected;
    let found: number | undefined = expected;
    if (scanner.keyEscaped[i] === 1 || !this.matches(expected, bytes, from, to)) {
      const name = memberName(scanner, bytes, i);
      if (name === undefined) return undefined;
      found = this.numbers.get(name);
      if (found === undefined) {
        found = this.names.push(name) - 1;
        this.encoded.push(Buffer.from(name));
        this.numbers.set(name, found);
      }
    }
    this.expected = (found ?? expected) + 1;
    return found;
  }

  private matches(number: number, bytes: Uint8Array, from: number, to: number): boolean {
    const name = this.encoded[number];
    if (name?.length !== to - from) return false;
    for (let i = 0; i < name.length; i++) if (name[i] !== bytes[from + i]) return false;
    return true;
  }
}
