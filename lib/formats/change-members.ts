import { notJsonObject, type RowFault, standsTwice } from './errors';
import type { Span } from './json-changes';
import { type Fields, MemberFields, UNKNOWN } from './json-fields';
import { JsonScanner, memberName } from './json-scanner';

export const UNSEEN = -1;

/** One object of a change, the row or its before-image, with its members by field. */
export class ChangeMembers {
  readonly scanner = new JsonScanner();
  /** Names that no field has, in the object's order. */
  readonly unknown: { readonly name: string; readonly member: number }[] = [];
  /** The fields that have a member, in the object's order. */
  readonly seen: number[] = [];
  /** Why the object is at odds with itself. */
  clash: RowFault | undefined;
  private readonly members: MemberFields;
  private at: Int32Array;

  constructor(private readonly fields: Fields) {
    this.members = new MemberFields(fields);
    this.at = new Int32Array(fields.layout.length).fill(UNSEEN);
  }

  /** Reads the object; none has no members. Answers why it cannot be read. */
  read(bytes: Uint8Array, span: Span | undefined): RowFault | undefined {
    for (const field of this.seen) this.at[field] = UNSEEN;
    this.seen.length = 0;
    this.unknown.length = 0;
    this.clash = undefined;
    if (!span) return undefined;
    const { scanner } = this;
    const broken = scanner.scan(bytes, span.from, span.to);
    if (broken) return notJsonObject(broken);
    for (let member = 0; member < scanner.members; member++) {
      const field = this.members.of(scanner, bytes, member);
      if (field === undefined) return notJsonObject('a name with a broken escape');
      if (field === UNKNOWN) this.unknown.push({ name: memberName(scanner, bytes, member)!, member });
      else if (!this.put(field, member)) this.clash ??= this.twice(bytes, field, member);
    }
    return undefined;
  }

  /** Gives the field its member; false where it has one already. */
  put(field: number, member: number): boolean {
    if (field >= this.at.length) this.grow();
    if (this.at[field] !== UNSEEN) return false;
    this.at[field] = member;
    this.seen.push(field);
    return true;
  }

  /** Why a member is none of its own: its field has one. */
  twice(bytes: Uint8Array, field: number, member: number): RowFault {
    const [one, other] = [this.of(field), member].map(at => memberName(this.scanner, bytes, at)!);
    return standsTwice(this.fields.layout[field]!.name, one!, other!);
  }

  /** The field's member, or UNSEEN. */
  of(field: number): number {
    return this.at[field] ?? UNSEEN;
  }

  private grow(): void {
    const at = new Int32Array(2 * this.fields.layout.length).fill(UNSEEN);
    at.set(this.at);
    this.at = at;
  }
}
