import { evaluate, type Statement } from './evaluate';

const allow = (rest: Partial<Statement>): Statement => ({
  Effect: 'Allow',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::lake/*',
  ...rest,
});
const asked = (rest: object = {}) => ({
  ...{ action: 's3:GetObject', resource: 'arn:aws:s3:::lake/a/b', context: {} },
  ...rest,
});

test('evaluate.default: what nobody speaks of is refused', () => {
  expect(evaluate([], asked())).toBe('silent');
  expect(evaluate([allow({})], asked())).toBe('allowed');
  expect(evaluate([allow({})], asked({ action: 's3:PutObject' }))).toBe('silent');
  expect(evaluate([allow({})], asked({ resource: 'arn:aws:s3:::lake' }))).toBe('silent');
});

test('evaluate.deny: a denial stands above every allowance', () => {
  const deny = allow({ Effect: 'Deny', Resource: 'arn:aws:s3:::lake/a/*' });
  expect(evaluate([allow({}), deny], asked())).toBe('denied');
  expect(evaluate([deny, allow({})], asked({ resource: 'arn:aws:s3:::lake/b' }))).toBe('allowed');
});

test.each([
  ['s3:Get*', true],
  ['S3:getobject', true],
  ['*', true],
  ['s3:GetObjec?', true],
  ['s3:GetObject?', false],
  ['s3.GetObject', false],
])('evaluate.action: %s', (Action, fits) => {
  expect(evaluate([allow({ Action })], asked())).toBe(fits ? 'allowed' : 'silent');
});

test.each([
  ['arn:aws:s3:::*/b', true],
  ['arn:aws:s3:::lake/*/metadata/*', false],
  ['arn:aws:s3:::LAKE/*', false],
  ['arn:aws:s3:::lake/a?b', true],
])('evaluate.resource: %s', (Resource, fits) => {
  expect(evaluate([allow({ Resource })], asked())).toBe(fits ? 'allowed' : 'silent');
});

test('evaluate.not: all but what is named', () => {
  const all = { Action: undefined, Resource: undefined };
  const others = allow({ ...all, NotAction: 's3:Put*', NotResource: ['arn:aws:s3:::lake/c/*'] });
  expect(evaluate([others], asked())).toBe('allowed');
  expect(evaluate([others], asked({ action: 's3:PutObject' }))).toBe('silent');
  expect(evaluate([others], asked({ resource: 'arn:aws:s3:::lake/c/d' }))).toBe('silent');
});

type Case = [
  operator: string,
  wanted: unknown,
  found: string | readonly string[] | undefined,
  holds: boolean,
];

test.each<Case>([
  ['StringEquals', 'a', 'a', true],
  ['StringEquals', ['b', 'a'], 'a', true],
  ['StringEquals', 'a*', 'ab', false],
  ['StringEquals', 'a', undefined, false],
  ['StringEqualsIfExists', 'a', undefined, true],
  ['StringEqualsIfExists', 'a', 'b', false],
  ['StringNotEquals', 'a', 'a', false],
  ['StringNotEquals', ['a', 'b'], 'b', false],
  ['StringNotEquals', 'a', undefined, true],
  ['StringLike', 'a*', 'ab', true],
  ['StringNotLike', 'a*', 'ab', false],
  ['ArnNotEquals', 'arn:aws:iam::1:role/r', 'arn:aws:iam::1:role/r', false],
  ['ArnNotEquals', 'arn:aws:iam::1:role/r', 'arn:aws:iam::1:role/s', true],
  ['Bool', 'false', 'true', false],
  ['Bool', false, 'false', true],
  ['Null', 'true', undefined, true],
  ['Null', 'true', 'a', false],
  ['ForAllValues:StringLike', ['a*', 'b'], ['ab', 'b'], true],
  ['ForAllValues:StringLike', ['a*', 'b'], ['ab', 'c'], false],
  ['ForAllValues:StringEquals', 'a', undefined, true],
  ['ForAnyValue:StringEquals', 'a', ['b', 'a'], true],
  ['ForAnyValue:StringEquals', 'a', undefined, false],
])('evaluate.condition: %s %j of %j', (operator, wanted, found, fits) => {
  const statement = allow({ Condition: { [operator]: { 'aws:Key': wanted } } });
  const context = found === undefined ? {} : { 'AWS:key': found };
  expect(evaluate([statement], asked({ context }))).toBe(fits ? 'allowed' : 'silent');
});

test('evaluate.conditions: every operator and every key has to hold', () => {
  const Condition = { StringEquals: { 'a:one': '1', 'a:two': '2' }, Bool: { 'aws:SecureTransport': 'true' } };
  const context = { 'a:one': '1', 'a:two': '2', 'aws:SecureTransport': 'true' };
  expect(evaluate([allow({ Condition })], asked({ context }))).toBe('allowed');
  for (const key of Object.keys(context))
    expect(evaluate([allow({ Condition })], asked({ context: { ...context, [key]: '0' } }))).toBe('silent');
});

test('evaluate.unknown: an operator that is not known here is an error, not a pass', () => {
  const statement = allow({ Condition: { DateLessThan: { 'aws:CurrentTime': '2030-01-01' } } });
  expect(() => evaluate([statement], asked())).toThrow('DateLessThan');
});
