import { Readable } from 'node:stream';
import { Progress } from '../../lib/cli/render/progress';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function watched(live = false): { lines: string[]; progress: Progress } {
  const lines: string[] = [];
  const err = (text: string) => void lines.push(text);
  const ends = {
    environment: {},
    cwd: '/',
    out: err,
    err,
    stdin: Readable.from([]),
    stop: new AbortController().signal,
  };
  return { lines, progress: new Progress({ ...ends, interactive: false, live }, 'reading') };
}

test('progress.quick work says nothing', () => {
  const { lines, progress } = watched();
  jest.advanceTimersByTime(1900);
  progress.stop();
  jest.advanceTimersByTime(60_000);
  expect(lines).toEqual([]);
});

test('progress.plain lines now and then', () => {
  const { lines, progress } = watched();
  jest.advanceTimersByTime(2100);
  progress.update('merging');
  jest.advanceTimersByTime(20_000);
  progress.stop();
  jest.advanceTimersByTime(60_000);
  expect(lines).toEqual(['reading ...\n', 'merging ...\n', 'merging ...\n']);
});

test('progress.one moving line, gone when done', () => {
  const { lines, progress } = watched(true);
  jest.advanceTimersByTime(1100);
  progress.stop();
  jest.advanceTimersByTime(60_000);
  expect(lines).toEqual(['\r\x1b[K⠋ reading', '\r\x1b[K⠙ reading', '\r\x1b[K']);
});
