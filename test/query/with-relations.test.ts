import { takesWith, withRelations } from '../../lib/query/athena/with-relations';

const relations = new Map([['a', 'SELECT 1 AS x']]);

test.each([
  ['select * from a', 'WITH "a" AS (SELECT 1 AS x)\nselect * from a'],
  ['  -- why\n/* so */ select * from a ; ', 'WITH "a" AS (SELECT 1 AS x)\nselect * from a'],
  [
    'with b as (select * from a) select * from b',
    'WITH "a" AS (SELECT 1 AS x),\nb as (select * from a) select * from b',
  ],
  [
    'WITH RECURSIVE b (n) AS (select 1) select * from b, a',
    'WITH RECURSIVE "a" AS (SELECT 1 AS x),\nb (n) AS (select 1) select * from b, a',
  ],
  ['with A as (select 2) select * from a', 'with A as (select 2) select * from a'],
  ['with "a" (x) as (select 2) select * from a', 'with "a" (x) as (select 2) select * from a'],
])('with-relations: %s', (sql, text) => {
  expect(withRelations(sql, relations)).toBe(text);
});

test('with-relations.none: what takes no WITH', () => {
  expect(
    ['select 1', '(select 1)', 'values 1', '-- x\nwith a as (select 1) select 1'].map(takesWith),
  ).toEqual([true, true, true, true]);
  expect(['show tables', 'explain select 1', 'describe a'].map(takesWith)).toEqual([false, false, false]);
});
