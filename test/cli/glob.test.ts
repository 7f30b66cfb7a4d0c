import { globOf } from '../../lib/cli/glob';

const CASES: [pattern: string, path: string, matches: boolean][] = [
  ['/in/*.csv', '/in/a.csv', true],
  ['/in/*.csv', '/in/a.csv.gz', false],
  ['/in/*.csv', '/in/deep/a.csv', false],
  ['/in/**/*.csv', '/in/a.csv', true],
  ['/in/**/*.csv', '/in/deep/er/a.csv', true],
  ['/in/**', '/in/deep/a.csv', true],
  ['/in/day?.csv', '/in/day1.csv', true],
  ['/in/day?.csv', '/in/day10.csv', false],
  ['/in/day[12].csv', '/in/day3.csv', false],
  ['/in/day[!12].csv', '/in/day3.csv', true],
  ['/in/{a,b+}.csv', '/in/b+.csv', true],
  ['/in/a.b*.csv', '/in/aXb.csv', false],
];

test.each(CASES)('glob.matches %s %s', (pattern, path, matches) => {
  expect(globOf(pattern)?.matches(path)).toBe(matches);
});

test('glob.folder', () => {
  expect(globOf('/a/b/*.csv')?.folder).toBe('/a/b');
  expect(globOf('/*.csv')?.folder).toBe('/');
  expect(globOf('/a/b.csv')).toBeUndefined();
});
