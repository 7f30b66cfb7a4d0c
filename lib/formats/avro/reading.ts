import { type Type, types } from 'avsc';
import { AvroFault, broken } from './errors';
import type { AvroInput } from './input';
import type { JsonText } from './json-text';
import { MeaningType } from './schema';
import { decimalStep, momentStep, noPlace, PLAIN, type Step, stringStep, uuidStep } from './values';

/** The type that says how a value is written, whatever it means. */
export function beneath(type: Type): Type {
  return type instanceof MeaningType ? type.underlyingType : type;
}

export const meaningOf = (type: Type): MeaningType | undefined =>
  type instanceof MeaningType ? type : undefined;

/** What a union consists of; undefined of other types. */
export function branchesOf(type: Type): readonly Type[] | undefined {
  const { types: branches } = type as { readonly types?: readonly Type[] };
  return type.typeName.startsWith('union:') ? branches : undefined;
}

/** How values of a schema are read as they were written, without a reader's schema. */
export class Reading {
  private readonly known = new Map<Type, Step>();

  /** @param ignored whether the values are read only to pass them by */
  constructor(private readonly ignored = false) {}

  step(type: Type): Step {
    const known = this.known.get(type);
    if (known) return known;
    // A schema may name itself: whoever meets it again within gets what is not made yet.
    let made: Step | undefined;
    this.known.set(type, (input, text) => made!(input, text));
    made = this.make(type);
    this.known.set(type, made);
    return made;
  }

  private make(type: Type): Step {
    const branches = branchesOf(type);
    if (branches) return unionStep(branches.map(branch => this.step(branch)));
    if (type instanceof types.RecordType) {
      return recordStep(
        type.fields.map(({ name, type: of }) => ({ name, key: keyOf(name), step: this.step(of) })),
      );
    }
    if (type instanceof types.ArrayType) return arrayStep(this.step(type.itemsType));
    if (type instanceof types.MapType) return mapStep(this.step(type.valuesType as Type));
    if (type instanceof types.EnumType) return enumStep(type.symbols);
    return scalarStep(beneath(type), this.ignored ? undefined : meaningOf(type));
  }
}

/** A scalar that was written as `written` and means `meant`, which may be what its reader takes it for. */
export function scalarStep(written: Type, meant: MeaningType | undefined): Step {
  const { typeName } = written;
  const fixed = written instanceof types.FixedType ? written.size : undefined;
  const bytesOf = (input: AvroInput) => input.slice(fixed ?? input.length());
  const plain =
    fixed === undefined ? PLAIN[typeName]! : (((input, text) => text.hex(input.slice(fixed))) as Step);
  if (!meant) return plain;
  if (meant.meaning === 'decimal') return decimalStep(meant.scale, bytesOf);
  if (meant.meaning === 'uuid') return fixed === undefined ? plain : uuidStep;
  if (meant.meaning === 'duration') return noPlace('a duration has no type in the lake');
  return momentStep(meant.meaning, typeName as 'int' | 'long') ?? plain;
}

export interface FieldStep {
  readonly name: string;
  /** `"name":`, or nothing of a field that leaves no text. */
  readonly key: Buffer | undefined;
  readonly step: Step;
}

export const keyOf = (name: string) => Buffer.from(`${JSON.stringify(name)}:`);

/** The fields in the writer's order, then `rest`: the text of members that it lacks, each with a comma before it. */
export function recordStep(fields: readonly FieldStep[], rest: readonly Buffer[] = []): Step {
  return (input, text) => {
    input.enter(fields.length);
    text.ascii('{');
    let at = 0;
    let first = true;
    try {
      for (; at < fields.length; at++) {
        const { key, step } = fields[at]!;
        const before = text.length;
        if (key && !first) text.ascii(',');
        if (key) text.raw(key);
        step(input, text);
        if (key) first = false;
        else text.backTo(before);
      }
    } catch (error) {
      throw error instanceof AvroFault ? error.within(fields[at]!.name) : error;
    }
    for (const member of rest) {
      if (!first) text.ascii(',');
      text.raw(member);
      first = false;
    }
    text.ascii('}');
    input.leave();
  };
}

export function unionStep(branches: readonly Step[]): Step {
  return (input, text) => {
    const index = input.long();
    const branch = branches[index as number];
    if (!branch) throw broken(`a union has no branch ${index}`);
    branch(input, text);
  };
}

export function enumStep(symbols: readonly (string | Step)[]): Step {
  return (input, text) => {
    const index = input.int();
    const symbol = symbols[index];
    if (symbol === undefined) throw broken(`an enum has no symbol ${index}`);
    if (typeof symbol === 'string') text.quoted(symbol);
    else symbol(input, text);
  };
}

export function arrayStep(item: Step): Step {
  return (input, text) => {
    text.ascii('[');
    itemsOf(input, text, item);
    text.ascii(']');
  };
}

export function mapStep(value: Step): Step {
  const member: Step = (input, text) => {
    stringStep(input, text);
    text.ascii(':');
    value(input, text);
  };
  return (input, text) => {
    text.ascii('{');
    itemsOf(input, text, member);
    text.ascii('}');
  };
}

/** The items of all blocks, with commas between them. */
function itemsOf(input: AvroInput, text: JsonText, item: Step): void {
  let first = true;
  for (let n = input.block(); n > 0; n = input.block()) {
    for (; n > 0; n--) {
      input.count();
      if (!first) text.ascii(',');
      first = false;
      item(input, text);
    }
  }
}
