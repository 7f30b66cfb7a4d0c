import { type Type, types } from 'avsc';
import { defaultText } from './defaults';
import { AvroFault, unresolvable } from './errors';
import {
  arrayStep,
  beneath,
  branchesOf,
  enumStep,
  keyOf,
  mapStep,
  meaningOf,
  Reading,
  recordStep,
  scalarStep,
  unionStep,
} from './reading';
import type { Step } from './values';

/** What a type may be read as beside itself. */
const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
};

/**
 * How values that were written by one schema are read by another's. What does not resolve stops a record only where it
 * comes to it: a branch that no value takes harms nobody.
 * @see https://avro.apache.org/docs/1.12.0/specification/#schema-resolution
 */
export class Resolution {
  private readonly known = new Map<Type, Map<Type, Step>>();
  private readonly ignored = new Reading(true);

  step(writer: Type, reader: Type): Step {
    const known = this.known.get(writer) ?? new Map<Type, Step>();
    this.known.set(writer, known);
    const before = known.get(reader);
    if (before) return before;
    let made: Step | undefined;
    known.set(reader, (input, text) => made!(input, text));
    made = this.make(writer, reader);
    known.set(reader, made);
    return made;
  }

  private make(writer: Type, reader: Type): Step {
    const written = branchesOf(writer);
    if (written) return unionStep(written.map(branch => this.step(branch, reader)));
    const choices = branchesOf(reader);
    if (choices) {
      const choice = choices.find(branch => matches(writer, branch));
      return choice ? this.step(writer, choice) : refused(`no branch of its union takes a ${shown(writer)}`);
    }
    if (!matches(writer, reader)) return refused(`a ${shown(writer)} is no ${shown(reader)}`);
    if (writer instanceof types.RecordType) return this.record(writer, reader as types.RecordType);
    if (writer instanceof types.ArrayType)
      return arrayStep(this.step(writer.itemsType, (reader as types.ArrayType).itemsType));
    if (writer instanceof types.MapType)
      return mapStep(this.step(writer.valuesType as Type, (reader as types.MapType).valuesType as Type));
    if (writer instanceof types.EnumType) return enumOf(writer, reader as types.EnumType);
    return scalarOf(writer, reader);
  }

  private record(writer: types.RecordType, reader: types.RecordType): Step {
    const names = new Map(writer.fields.map((field, i) => [field.name, i]));
    const readAs = new Map<number, types.Field>();
    const lacking: types.Field[] = [];
    // A field of the reader's own name comes before one that only goes by an alias.
    for (const field of reader.fields) {
      const own = names.get(field.name);
      if (own !== undefined) readAs.set(own, field);
    }
    for (const field of reader.fields) {
      if (names.has(field.name)) continue;
      const alias = field.aliases.map(name => names.get(name)).find(i => i !== undefined && !readAs.has(i));
      if (alias === undefined) lacking.push(field);
      else readAs.set(alias, field);
    }
    const rest: Buffer[] = [];
    for (const field of lacking) {
      const value = defaultText(field);
      if (value === undefined)
        return refused('its writer has no such field, and it has no default', field.name);
      rest.push(Buffer.concat([keyOf(field.name), value]));
    }
    const fields = writer.fields.map(({ name, type }, i) => {
      const field = readAs.get(i);
      return field
        ? { name: field.name, key: keyOf(field.name), step: this.step(type, field.type) }
        : { name, key: undefined, step: this.ignored.step(type) };
    });
    return recordStep(fields, rest);
  }
}

/** Whether the types are of one kind; what is within them is found out where a value comes to it, except of items. */
function matches(writer: Type, reader: Type): boolean {
  const written = branchesOf(writer);
  if (written) return written.some(branch => matches(branch, reader));
  const choices = branchesOf(reader);
  if (choices) return choices.some(branch => matches(writer, branch));
  const [from, to] = [beneath(writer), beneath(reader)];
  if (isRecord(from) && isRecord(to)) return sameName(from, to);
  if (from.typeName !== to.typeName) return PROMOTIONS[from.typeName]?.includes(to.typeName) ?? false;
  if (from instanceof types.ArrayType) return matches(from.itemsType, (to as types.ArrayType).itemsType);
  if (from instanceof types.MapType)
    return matches(from.valuesType as Type, (to as types.MapType).valuesType as Type);
  if (from instanceof types.EnumType) return sameName(from, to);
  if (from instanceof types.FixedType)
    return sameName(from, to) && from.size === (to as types.FixedType).size;
  return true;
}

const isRecord = (type: Type) => type instanceof types.RecordType;
const last = (name = '') => name.slice(name.lastIndexOf('.') + 1);

/** The writer's name without its namespace is the reader's, or one of its aliases. */
function sameName(writer: Type, reader: Type): boolean {
  if (writer.name === undefined) return true;
  return [reader.name, ...(reader.aliases ?? [])].some(name => last(name) === last(writer.name));
}

function enumOf(writer: types.EnumType, reader: types.EnumType): Step {
  const { default: fallback } = reader as { readonly default?: string };
  return enumStep(
    writer.symbols.map(symbol =>
      reader.symbols.includes(symbol)
        ? symbol
        : (fallback ?? refused(`${shown(reader)} has no symbol ${symbol}, and no default`)),
    ),
  );
}

function scalarOf(writer: Type, reader: Type): Step {
  const from = beneath(writer);
  const [said, meant] = [meaningOf(writer), meaningOf(reader)];
  const same =
    said?.meaning === meant?.meaning && said?.scale === meant?.scale && said?.precision === meant?.precision;
  // The same number would be another moment, the same bytes another amount.
  if (said && meant && !same) return refused(`a ${said.meaning} is no ${meant.meaning} of the same kind`);
  if (meant?.meaning === 'decimal' && from.typeName === 'string') return refused('a string is no decimal');
  // Strings and bytes are written alike: the reader says what they are. A number is what its writer wrote.
  const to = beneath(reader);
  return scalarStep(to.typeName === 'string' || to.typeName === 'bytes' ? to : from, meant);
}

function shown(type: Type): string {
  const { typeName } = beneath(type);
  return type.name === undefined ? (meaningOf(type)?.meaning ?? typeName) : `${typeName} ${type.name}`;
}

function refused(why: string, field?: string): Step {
  return () => {
    const fault = new AvroFault(column => unresolvable(why, column));
    throw field === undefined ? fault : fault.within(field);
  };
}
