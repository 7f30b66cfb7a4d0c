import fc from 'fast-check';
import { JsonScanner } from '../../lib/formats/json-scanner';

const scanner = new JsonScanner();
const accepts = (text: string) => {
  const bytes = Buffer.from(text);
  return scanner.scan(bytes, 0, bytes.length) === undefined;
};

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('nested.json: what stands in an object or array is JSON, or the record is none', () => {
  const texts = [
    '[]',
    '{}',
    '[[]]',
    '[{}]',
    '{"a":[]}',
    '[1,]',
    '[,1]',
    '[1 2]',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{,}',
    '{a:1}',
    '[',
    ']',
    '[}',
    '{"a":[}',
    '{]',
    '[[[',
    '[1]]',
    '{"a":1}}',
    '[ ]',
    '[ 1 , 2 ]',
    '{ "a" : 1 , "b" : { } }',
    '[01]',
    '[1.]',
    '[-]',
    '[1e5]',
    '[1e]',
    '[tru]',
    '[truex]',
    '[null]',
    '[nul',
    '["\\u12g4"]',
    '["\\u1234"]',
    '["\\x"]',
    '["\\"]',
    '["\\\\"]',
    '["\\ud800"]',
    '["\n"]',
    '{"\\q":1}',
    '{"\\n":1}',
    "['a']",
    '[NaN]',
    '[+1]',
    '[.5]',
  ];
  const found = texts.map(text => [text, accepts(`{"v":${text}}`)]);
  expect(found).toEqual(texts.map(text => [text, isJson(`{"v":${text}}`)]));
});

test('nested.property: the scanner and JSON.parse agree on whatever stands nested', () => {
  const part = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '1',
    '-1.5e3',
    'true',
    'null',
    ' ',
    '\\n',
    '\\',
    '\\u00e9',
    '"\\u12"',
    '"b":',
    'é',
  );
  const soup = fc.array(part, { maxLength: 14 }).map(parts => parts.join(''));
  const cut = fc.tuple(fc.json(), fc.nat(), part).map(([json, at, extra]) => {
    const i = at % (json.length + 1);
    return json.slice(0, i) + extra + json.slice(i);
  });
  fc.assert(
    fc.property(fc.oneof(fc.json(), cut, soup), text => {
      // A name that stands twice, and an escape of the outermost strings, are judged elsewhere.
      for (const record of [`{"v":[${text}]}`, `{"v":{"w":${text}}}`, `{"v":${text}}`])
        if (!/^\{"v":\s*"/.test(record)) expect([record, accepts(record)]).toEqual([record, isJson(record)]);
    }),
    { numRuns: 3000 },
  );
});

test('nested.deep: depth costs no stack', () => {
  const depth = 200_000;
  expect(accepts(`{"v":${'['.repeat(depth)}${']'.repeat(depth)}}`)).toBe(true);
  expect(accepts(`{"v":${'['.repeat(depth)}}`)).toBe(false);
});
