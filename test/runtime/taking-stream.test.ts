import { fixedClock } from '../../lib/adapters/memory/clock';
import type { ResolvedTable } from '../../lib/config/resolved';
import type { StreamRecord } from '../../lib/ports/change-stream';
import { RecordsRefused } from '../../lib/ports/errors';
import { dueMerges } from '../../lib/runtime/due-merges';
import { takingStream } from '../../lib/runtime/taking-stream';

const clock = fixedClock(0);
const put = (key: string, bytes = 1) => ({ key, data: new Uint8Array(bytes) });

/** A stream whose batches wait until they are let go. */
function heldStream() {
  const batches: { records: readonly StreamRecord[]; done: () => void; fail: (error: Error) => void }[] = [];
  const takeIn = (records: readonly StreamRecord[]) =>
    new Promise<void>((done, fail) => batches.push({ records, done, fail }));
  return { batches, stream: takingStream({ shard: 's', clock, takeIn }) };
}

const turn = () => new Promise(resolve => setTimeout(resolve, 5));

test('taking.what arrives meanwhile is the next batch, numbered on', async () => {
  const { batches, stream } = heldStream();
  const answered: string[] = [];
  const send = (key: string) => stream.put([put(key), put(`${key}'`)]).then(() => answered.push(key));
  const all = [send('a')];
  await turn();
  all.push(send('b'), send('c'));
  await turn();
  expect(batches).toHaveLength(1);
  expect(answered).toEqual([]);
  batches[0]!.done();
  await turn();
  expect(answered).toEqual(['a']);
  expect(batches[1]!.records.map(r => [r.sequence, r.key])).toEqual([
    ['3', 'b'],
    ['4', "b'"],
    ['5', 'c'],
    ['6', "c'"],
  ]);
  batches[1]!.done();
  await Promise.all(all);
  await stream.idle();
});

test('taking.a batch that fails is answered so, and the next goes on', async () => {
  const { batches, stream } = heldStream();
  const first = stream.put([put('a')]);
  first.catch(() => undefined);
  await turn();
  const second = stream.put([put('b')]);
  batches[0]!.fail(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  await turn();
  batches[1]!.done();
  await second;
});

test('taking.more than memory should hold is refused by name', async () => {
  const { batches, stream } = heldStream();
  const first = stream.put([put('a')]);
  await turn();
  const many = Array.from({ length: 4 }, (_, i) => stream.put([put(`m${i}`, 15 << 20)]));
  await expect(async () => stream.put([put('z', 15 << 20)])).rejects.toThrow(RecordsRefused);
  batches[0]!.done();
  await first;
  // No batch is above its bound either: each of these is one.
  for (let i = 1; i <= 4; i++) {
    await turn();
    expect(batches[i]!.records).toHaveLength(1);
    batches[i]!.done();
  }
  await Promise.all(many);
});

test('merges.never two at once, whatever is woken meanwhile', async () => {
  const [one, two] = ['one', 'two'].map(name => ({ name, freshnessMs: 1 }) as ResolvedTable);
  let [running, most, left] = [0, 0, 20];
  const merges = dueMerges({
    clock: { now: () => Date.now() },
    merge: async () => {
      most = Math.max(most, ++running);
      if (left-- > 0) merges.wake(left % 2 === 0 ? one! : two!);
      await turn();
      running--;
    },
    onFailure: () => undefined,
  });
  merges.wake(one!);
  merges.wake(two!);
  while (left > 5) await turn();
  await merges.finish();
  expect([most, running]).toEqual([1, 0]);
});

test('merges.each when it is due, one at a time; a failed one again; all at the end', async () => {
  const table = (name: string, freshnessMs: number) => ({ name, freshnessMs }) as ResolvedTable;
  const [soon, later] = [table('soon', 10), table('later', 3_600_000)];
  const merged: string[] = [];
  const failures: string[] = [];
  const merges = dueMerges({
    clock: { now: () => Date.now() },
    merge: async ({ name }) => {
      merged.push(name);
      if (merged.length === 1) throw new Error('not now');
    },
    onFailure: ({ name }) => failures.push(name),
  });
  merges.wake(soon);
  merges.wake(soon);
  merges.wake(later);
  while (merged.length < 2) await turn();
  await turn();
  expect([merged, failures]).toEqual([['soon', 'soon'], ['soon']]);
  await merges.finish();
  expect(merged).toEqual(['soon', 'soon', 'later']);
  merges.wake(soon);
  await merges.finish();
  expect(merged).toHaveLength(3);
});
