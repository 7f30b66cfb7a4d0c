import fc from 'fast-check';
import { expireSnapshots, snapshotsToThin, withSnapshot } from '../../lib/iceberg/evolution';
import { ancestors, type Snapshot, type TableMetadata } from '../../lib/iceberg/metadata';
import { snapshotOn, table } from './tables';

const HOUR = 3_600_000;
const NOW = 400 * 24 * HOUR;
const states = (s: Snapshot) => 'cursor' in s.summary;

/** A table with a snapshot of each age in hours, oldest first; foreign ones state no cursor. */
function aged(ages: readonly number[], foreign: readonly number[] = []): TableMetadata {
  return ages.reduce(
    (md, age, i) => {
      const summary: Record<string, string> = foreign.includes(i) ? {} : { cursor: String(i) };
      return withSnapshot(md, snapshotOn(md, BigInt(i + 1), NOW - age * HOUR, summary));
    },
    { ...table(), 'last-updated-ms': 0 },
  );
}

const idsOf = (md: TableMetadata) => md.snapshots.map(s => s['snapshot-id']);

describe('expiry', () => {
  test('expire.snapshot, its log before it, its statistics', () => {
    const statistics = [{ 'snapshot-id': 2n }, { 'snapshot-id': 3n }];
    const md = expireSnapshots({ ...aged([4, 3, 2, 1]), statistics }, [2n, 99n]);
    expect(idsOf(md)).toEqual([1n, 3n, 4n]);
    expect(md['snapshot-log'].map(e => e['snapshot-id'])).toEqual([3n, 4n]);
    expect(md.statistics).toEqual([{ 'snapshot-id': 3n }]);
  });

  test('expire.never what a ref holds', () => {
    const md = aged([4, 3, 2]);
    expect(() => expireSnapshots(md, [3n])).toThrow(/TM_4025.*main/);
    const tagged = { ...md, refs: { ...md.refs, audit: { 'snapshot-id': 1n, type: 'tag' } } };
    expect(() => expireSnapshots(tagged, [1n])).toThrow(/TM_4025.*audit/);
  });

  test('thin.default schedule', () => {
    const thirds = (from: number, to: number) =>
      Array.from({ length: (from - to) * 3 }, (_, i) => from - (i + 0.5) / 3);
    const md = aged(thirds(24 * 40, 0));
    const thin = new Set(snapshotsToThin(md, NOW, { states }));
    const kept = md.snapshots.filter(s => !thin.has(s['snapshot-id']));
    const within = (young: number, old: number) =>
      kept.filter(s => NOW - s['timestamp-ms'] > young * HOUR && NOW - s['timestamp-ms'] <= old * HOUR)
        .length;
    expect([within(0, 6), within(6, 24), within(24, 24 * 30), within(24 * 30, 9999)]).toEqual([
      18, 18, 29, 0,
    ]);
  });

  test('thin.of each hour and day the newest stays', () => {
    const md = aged([50, 49, 10.75, 10.25, 1]);
    expect(snapshotsToThin(md, NOW, { states })).toEqual([1n, 3n]);
  });

  test('thin.never current or referenced, however old', () => {
    const md = aged([9000, 8000, 7000]);
    expect(snapshotsToThin(md, NOW, { states })).toEqual([1n, 2n]);
    const tagged = { ...md, refs: { ...md.refs, audit: { 'snapshot-id': 1n, type: 'tag' } } };
    expect(snapshotsToThin(tagged, NOW, { states })).toEqual([2n]);
  });

  test('thin.the chain to the newest cursor stays whole', () => {
    // The third and fourth are another engine's: the cursor of the fourth is that of the second.
    const md = aged([9000, 8000, 7000, 6000], [2, 3]);
    expect(snapshotsToThin(md, NOW, { states })).toEqual([1n]);
  });

  test('thin.any table: kept snapshots find the cursor they had, and a second pass drops nothing', () => {
    const cursorOf = (md: TableMetadata, id: bigint) => [...ancestors(md, id)].find(states)?.['snapshot-id'];
    const ages = fc
      .array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 30 })
      .map(a => a.sort((x, y) => y - x));
    fc.assert(
      fc.property(ages, fc.array(fc.nat(29)), (hours, foreign) => {
        const md = aged(hours, foreign);
        const after = expireSnapshots(md, snapshotsToThin(md, NOW, { states }));
        for (const id of idsOf(after)) expect(cursorOf(after, id)).toBe(cursorOf(md, id));
        expect(snapshotsToThin(after, NOW, { states })).toEqual([]);
        expect(after['current-snapshot-id']).toBe(md['current-snapshot-id']);
      }),
    );
  });
});
