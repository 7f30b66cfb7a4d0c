import { position } from '../../../lib/change/position';
import type { Load } from '../../../lib/ledger/loads';
import { differenceOf, type LoadTraits, traitsOf } from '../../../lib/stages/load/difference';

const COPY = { kind: 'files', at: ['x/'], table: 't' } as const;
const LOAD: Load = {
  id: 'one',
  ordinal: 1,
  replaces: false,
  position: position(3, 7n, -2n, 'a test'),
  generation: 3,
  entry: 1,
  dateReceived: '2021-12-31',
  at: 0,
  copy: COPY,
  fingerprint: '',
  holds: true,
  state: 'open',
};

test.each<[string, Partial<LoadTraits>, string | undefined]>([
  ['nothing', {}, undefined],
  ['all that it is', { ...traitsOf(LOAD), copy: { ...COPY } }, undefined],
  ['its own position, without the generation', { at: { major: 7n, minor: -2n } }, undefined],
  ['another copy', { copy: { ...COPY, at: ['y/'] } }, 'it is of x/'],
  ['another table of the export', { copy: { ...COPY, table: 'u' } }, 'it is of x/'],
  ['a replace', { replaces: true }, 'it replaces nothing'],
  ['another source', { newSource: true }, 'it is of no other source than the changes before'],
  ['another date', { dateReceived: '2022-01-01' }, 'its date is 2021-12-31'],
  ['another position', { at: { major: 7n, minor: 2n } }, 'its position is 7:-2'],
])('load.differenceOf: asked for %s', (_, asked, expected) => {
  expect(differenceOf(traitsOf(LOAD), asked)).toBe(expected);
});

test('load.differenceOf: what is to be begun has the date and the position of its day', () => {
  const traits = { copy: COPY, replaces: true };
  expect(differenceOf(traits, { ...traits, newSource: false })).toBeUndefined();
  expect(differenceOf(traits, { dateReceived: '2022-01-01' })).toBe('its date is that of its day');
  expect(differenceOf(traits, { at: { major: 7n, minor: 2n } })).toBe('it has no position of its own');
});
