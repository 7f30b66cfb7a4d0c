import { parseDuration } from '../../lib/config/duration';
import { nearest } from '../../lib/config/nearest';

describe('duration.parse', () => {
  test.each([
    ['30 seconds', 30_000],
    ['1 minute', 60_000],
    ['1 min', 60_000],
    ['5m', 300_000],
    ['1.5 h', 5_400_000],
    ['2 days', 172_800_000],
    ['250 ms', 250],
    ['0 s', 0],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));
  test.each(['', '1', 'minute', '-1 s', '1 month', '1 constructor', '1e3 s', '1 ss'])('%j is none', text =>
    expect(parseDuration(text)).toBeUndefined(),
  );
});

describe('nearest.name', () => {
  const names = ['key', 'columns', 'partitionBy', 'deletedWhen', 'from'];
  test.each([
    ['colums', 'columns'],
    ['form', 'from'],
    ['partitionby', 'partitionBy'],
    ['keys', 'key'],
    ['ke', 'key'],
  ])('%s means %s', (wanted, name) => expect(nearest(wanted, names)).toBe(name));
  test.each(['', 'x', 'schedule', 'primary'])('%j means none of them', wanted =>
    expect(nearest(wanted, names)).toBeUndefined(),
  );
});
