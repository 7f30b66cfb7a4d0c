import { loadColumns } from '../../../lib/stages/load/recipe';
import { lake } from '../../config/resolving';

const COPY = {
  columns: [
    { name: 'id', type: 'long' as const },
    { name: 'User-Agent', type: 'string' as const },
  ],
};

const tableOf = (options: object) =>
  lake({
    t: { key: ['id'], columns: { id: 'bigint', ua: 'string' }, aliases: { ua: ['user-agent'] }, ...options },
  }).tables[0]!;

test('check-copy.aliases: a copy under another name is told how to be read, and makes no column of its own', () => {
  expect(() => loadColumns(tableOf({}), COPY)).toThrow('[TM_2785] the copy calls column ua user-agent');
  const derived = tableOf({ load: { derive: { ua: '"User-Agent"' } } });
  expect(loadColumns(derived, COPY).map(({ name }) => name)).toEqual(['id', 'ua']);
});

test('check-copy.others: columns beyond the declared ones stay out where others are omitted', () => {
  const names = (options: object) =>
    loadColumns(tableOf({ aliases: {}, ...options }), COPY).map(({ name }) => name);
  expect(names({})).toEqual(['id', 'ua', 'User-Agent']);
  expect(names({ others: 'omit' })).toEqual(['id', 'ua']);
});
