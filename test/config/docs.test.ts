import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { lakeSchema } from '../../lib/config/schema';

/** Names of all options, at any depth; names that the user gives are none. */
function optionsIn(schema: unknown): string[] {
  if (schema instanceof z.ZodObject)
    return Object.entries(schema.shape).flatMap(([name, inner]) => [name, ...optionsIn(inner)]);
  if (schema instanceof z.ZodRecord) return optionsIn(schema.valueType);
  if (schema instanceof z.ZodDiscriminatedUnion) return schema.options.flatMap(optionsIn);
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return optionsIn(schema.unwrap());
  return [];
}

const options = [...new Set(optionsIn(lakeSchema))];
const page = readFileSync(join(__dirname, '../../docs/config.md'), 'utf8');

test('docs.config has found the options', () => {
  expect(options).toEqual(
    expect.arrayContaining(['timezone', 'partitionBy', 'decimalComma', 'equals', 'vpcId', 'mergeRowsMax']),
  );
});
test.each(options)('docs.config explains %s', option => expect(page).toMatch(new RegExp(`\\b${option}\\b`)));
