import fc from 'fast-check';
import { inferTable } from '../../lib/config/infer';
import { TypeSample } from '../../lib/config/infer-type';
import { singularsOf, tableNameOf } from '../../lib/config/names';
import { nameFault } from '../../lib/config/reserved';
import { anyText } from '../support/any-text';

function typeOf(...values: string[]) {
  const sample = new TypeSample();
  for (const value of values) sample.add(value);
  return sample.result();
}

describe('infer.type', () => {
  const sure: [string[], string][] = [
    [['1', '-20', '0'], 'bigint'],
    [['9223372036854775807', '-9223372036854775808'], 'bigint'],
    [['9223372036854775808'], 'decimal(28,0)'],
    [['12.50', '-3.99', '7'], 'decimal(10,2)'],
    [['123456789.25'], 'decimal(18,2)'],
    [['1e5', '2', '3.5'], 'double'],
    [['NaN', '1'], 'double'],
    [['true', 'FALSE'], 'boolean'],
    [['2021-01-31', '1969-12-31'], 'date'],
    [['2021-01-31 10:00:00', '2021-01-31T23:59:59.123456Z'], 'timestamp'],
    [['abc', ''], 'string'],
    [['+49301234'], 'string'],
    [['2021-02-30'], 'string'],
    [['t', 'f'], 'string'],
    [[' 1'], 'string'],
    [['1.234,50'], 'string'],
  ];
  test.each(sure)('%j is %s', (values, type) => expect(typeOf(...values)).toEqual({ type }));

  const unsure: [string[], string, string][] = [
    [['01234', '99999'], 'string', 'leading zeros'],
    [['-007'], 'string', 'leading zeros'],
    [['12,50', '-7'], 'string', 'decimal commas'],
    [['00.5'], 'string', 'leading zeros'],
    [[], 'string', 'no value'],
    [['1', 'x'], 'string', 'integer and text values'],
    [['2021-01-01', '2021-01-01 00:00:00'], 'string', 'date and timestamp values'],
    [['1.5', '1.25'], 'decimal(10,2)', '1 to 2 digits'],
    [['0.123456789'], 'double', '9 digits'],
    [['1'.repeat(39)], 'string', 'too many digits'],
  ];
  test.each(unsure)('%j is %s, unsure', (values, type, why) => {
    expect(typeOf(...values)).toEqual({ type, unsure: expect.stringContaining(why) });
  });

  test('a decimal holds every value of its sample', () => {
    const value = fc.tuple(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.integer({ min: 0, max: 6 }));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), values => {
        const texts = values.map(([n, scale]) => (scale === 0 ? `${n}` : `${n}.${'7'.repeat(scale)}`));
        const { type } = typeOf(...texts);
        const [, precision, scale] = /^decimal\((\d+),(\d+)\)$/.exec(type) ?? [undefined, '19', '0'];
        for (const text of texts) {
          const [whole = '', fraction = ''] = text.replace('-', '').split('.');
          expect(fraction.length).toBeLessThanOrEqual(Number(scale));
          expect(BigInt(whole).toString().length).toBeLessThanOrEqual(Number(precision) - Number(scale));
        }
      }),
    );
  });
  test('the order of values does not matter', () => {
    const value = fc.constantFrom(
      '1',
      '01',
      '1.5',
      '1.25',
      '1e3',
      'x',
      'true',
      '2021-01-01',
      '2021-01-01 00:00:00',
    );
    fc.assert(
      fc.property(fc.array(value), values => {
        expect(typeOf(...values)).toEqual(typeOf(...[...values].reverse()));
      }),
    );
  });
});

describe('infer.table', () => {
  const infer = (source: string, header: string[], ...rows: (string | null)[][]) =>
    inferTable({ source, header, rows });

  test('the orders of the first five minutes', () => {
    const table = infer(
      'orders',
      ['zip', 'order_id', 'amount'],
      ['01234', '1', '9.50'],
      ['99999', '2', null],
    );
    expect(table).toEqual({
      name: 'orders',
      key: ['order_id'],
      rows: 2,
      omit: [],
      columns: [
        { name: 'zip', type: 'string', unsure: 'kept as string: leading zeros' },
        { name: 'order_id', type: 'bigint' },
        { name: 'amount', type: 'decimal(10,2)' },
      ],
    });
  });
  const keys: [string, string[], (string | null)[][], string[]][] = [
    [
      'id before <table>_id',
      ['order_id', 'id'],
      [
        ['1', 'a'],
        ['2', 'b'],
      ],
      ['id'],
    ],
    [
      '<table>_id before the first',
      ['x', 'Order_ID'],
      [
        ['1', '5'],
        ['2', '6'],
      ],
      ['Order_ID'],
    ],
    [
      'the first',
      ['x', 'y'],
      [
        ['a', '1'],
        ['b', '1'],
      ],
      ['x'],
    ],
    [
      'not unique',
      ['id', 'y'],
      [
        ['1', 'a'],
        ['1', 'b'],
      ],
      [],
    ],
    ['null', ['id'], [['1'], [null]], []],
    ['a missing cell', ['y', 'id'], [['1', '1'], ['1']], []],
    [
      'id falls back to the first',
      ['x', 'id'],
      [
        ['1', '7'],
        ['2', '7'],
      ],
      ['x'],
    ],
    [
      'a unique second column is nobody’s key',
      ['x', 'y'],
      [
        ['1', '1'],
        ['1', '2'],
      ],
      [],
    ],
    ['dates identify nothing', ['day'], [['2021-01-01'], ['2021-01-02']], []],
    ['doubles identify nothing', ['id'], [['1e1'], ['2e1']], []],
    ['no rows', ['id'], [], []],
    ['no columns', [], [[]], []],
  ];
  test.each(keys)('key: %s', (_, header, rows, key) =>
    expect(infer('orders', header, ...rows).key).toEqual(key),
  );

  test('columns the lake uses itself are omitted', () => {
    const table = infer('a', ['_op', 'id', 'date_received'], ['I', '1', '2021-01-01']);
    expect(table).toMatchObject({ omit: ['_op', 'date_received'], key: ['id'], columns: [{ name: 'id' }] });
  });
  test('a source of another spelling', () => {
    expect(infer('Order Items', ['id'], ['1'])).toMatchObject({ name: 'order_items', from: 'Order Items' });
  });
});

describe('infer.names', () => {
  test.each([
    ['employees', 'employee'],
    ['categories', 'category'],
    ['addresses', 'address'],
    ['boxes', 'box'],
    ['cases', 'case'],
    ['order', 'order'],
  ])('%s has ids of %s', (table, singular) => expect(singularsOf(table)).toContain(singular));

  test.each([
    ['Orders', 'orders'],
    ['orderItems', 'order_items'],
    ['2021 sales', 't_2021_sales'],
    ['deltas', 'deltas_table'],
    ['a_history', 'a_history_table'],
    ['日本', 'table_1'],
  ])('%s -> %s', (source, name) => expect(tableNameOf(source)).toBe(name));

  test('every name is one the lake accepts', () => {
    fc.assert(fc.property(anyText(), source => nameFault(tableNameOf(source)) === undefined));
  });
});
