import fc from 'fast-check';
import type { ResolvedTable } from '../../../lib/config/resolved';
import type { StreamRecord } from '../../../lib/ports/change-stream';
import { computed, withoutDefects } from '../../../lib/stages/ingest-stream/defects';
import { recordSequence } from '../../../lib/stages/ingest-stream/errors';
import { placeAfter } from '../../../lib/stages/ingest-stream/places';
import { type Routed, routeRecords } from '../../../lib/stages/ingest-stream/route';
import { type BadRecord, settleRecords } from '../../../lib/stages/ingest-stream/settle-records';
import { send, streamLake } from './streams';

/** Settles numbers: odd ones are bad, and at sevenths the code fails. */
async function settle(numbers: readonly number[]): Promise<{ settled: number[]; bad: BadRecord[] }> {
  return computed(() => {
    if (numbers.some(n => n % 7 === 0)) throw new RangeError('a defect');
    const bad = numbers.flatMap((n, at) =>
      n % 2 === 1 ? [{ at, code: 'TM_2103', reason: 'odd' } as const] : [],
    );
    return { settled: numbers.filter(n => n % 2 === 0), bad };
  });
}

test('defects: only what the code fails at alone is bad by it, and each stands at its place', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 40 })), async numbers => {
      const { settled, bad } = await withoutDefects(numbers, settle);
      expect(settled).toEqual(numbers.filter(n => n % 7 !== 0 && n % 2 === 0));
      const codes = numbers.flatMap((n, at) =>
        n % 7 === 0 ? [[at, 'TM_2326']] : n % 2 === 1 ? [[at, 'TM_2103']] : [],
      );
      expect(bad.map(({ at, code }) => [at, code])).toEqual(codes);
    }),
  );
});

test('defects.others: what calls to the world fail with, and faults with a code, pass', async () => {
  const outage = new Error('S3 is away');
  await expect(withoutDefects([1], () => Promise.reject(outage))).rejects.toBe(outage);
  const fault = recordSequence('x');
  const coded = async () => computed(() => raise(fault));
  await expect(withoutDefects([1], coded)).rejects.toBe(fault);
});

test('defects.records: where no record can be read, or its values cannot, it alone is left out', async () => {
  const lake = streamLake();
  const records = await send(lake, insert(1), insert(2), insert(3));
  const unreadable = records.map((r, i) => (i === 1 ? { ...r, data: undefined as never } : r));
  const { tables, strays } = routeRecords(lake.lake, unreadable, { source: 'source' });
  expect(strays.map(({ sequence, fault }) => [sequence, fault.code])).toEqual([
    [records[1]!.sequence, 'TM_2326'],
  ]);
  const [[table, changes]] = [...tables] as [[ResolvedTable, Routed<StreamRecord>[]]];
  const broken = changes.map((c, i) =>
    i === 1 ? { ...c, change: { ...c.change, bytes: undefined as never } } : c,
  );
  const { placed } = placeAfter({ sequence: undefined, arrival: 0n, count: 0 }, broken);
  const request = { table, generation: 0, dateReceived: '2026-01-01' } as const;
  const { settled, bad } = await settleRecords(lake.ports, placed, request);
  expect(bad.map(({ at, code }) => [at, code])).toEqual([[1, 'TM_2326']]);
  expect(settled[0]!.batch.length).toBe(1);
});

const insert = (id: number) => ({ op: 'insert', data: { id, a: id, b: 'x' } }) as const;

function raise(error: Error): never {
  throw error;
}
