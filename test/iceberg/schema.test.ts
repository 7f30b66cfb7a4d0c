import { TidemarkError } from '../../lib/errors';
import { checkSchema, type Schema, schemaFromJson, schemaToJson } from '../../lib/iceberg/schema';
import { TYPES } from './arbitraries';

const schema: Schema = {
  'schema-id': 3,
  fields: TYPES.map((type, i) => ({
    id: i + 1,
    name: `c${i + 1}`,
    type,
    required: i === 1,
    ...(i === 2 ? { doc: 'd' } : {}),
  })),
  identifierFieldIds: [2],
};
const withField = (extra: Partial<Schema['fields'][number]>): Schema => ({
  ...schema,
  fields: [...schema.fields, { id: 99, name: 'extra', type: 'int', required: false, ...extra }],
});

describe('schema', () => {
  test('json.roundtrip', () => {
    const json = JSON.parse(JSON.stringify(schemaToJson(schema)));
    expect(schemaFromJson(json)).toEqual(schema);
    expect(json.type).toBe('struct');
    expect(json.fields.every((f: object) => 'required' in f)).toBe(true);
    expect(json.fields[10].type).toBe('decimal(9, 2)');
  });

  test('json.decimals of any spelling', () => {
    const field = (type: string) => ({
      type: 'struct' as const,
      fields: [{ id: 1, name: 'a', required: false, type }],
    });
    expect(schemaFromJson(field('decimal(9,2)')).fields[0]!.type).toBe('decimal(9,2)');
    expect(schemaFromJson(field('decimal( 9 , 2 )')).fields[0]!.type).toBe('decimal(9,2)');
  });

  test.each(['uuid', 'time', 'fixed[16]', 'timestamp_ns', { type: 'list', element: 'int' }])(
    'json.unknown type %j',
    type => {
      const json = { type: 'struct' as const, fields: [{ id: 1, name: 'odd', required: false, type }] };
      const read = () => schemaFromJson(json);
      expect(read).toThrow(TidemarkError);
      expect(read).toThrow(/TM_4001.*odd/);
    },
  );

  test('check.what engines refuse', () => {
    expect(() => checkSchema(schema)).not.toThrow();
    for (const bad of [
      withField({ id: 1 }),
      withField({ name: 'C1' }),
      withField({ name: '_pos' }),
      { ...schema, identifierFieldIds: [77] },
      { ...schema, identifierFieldIds: [1] },
      { ...withField({ type: 'double', required: true }), identifierFieldIds: [99] },
    ]) {
      expect(() => checkSchema(bad)).toThrow('TM_4008');
    }
  });
});
