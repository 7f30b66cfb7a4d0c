import type { Type, types } from 'avsc';
import { AvroInput } from './input';
import { JsonText } from './json-text';
import { Reading } from './reading';

/** The JSON text of a field's default, as its value would be read; undefined where it has none. */
export function defaultText(field: types.Field): Buffer | undefined {
  const value: unknown = field.defaultValue();
  if (value === undefined) return undefined;
  const type: Type = field.type;
  const input = new AvroInput();
  const text = new JsonText();
  // Written as Avro and read back, so that a default and a value of the same type are written alike.
  input.begin(type.toBuffer(value), 0);
  text.begin();
  new Reading().step(type)(input, text);
  return text.text();
}
