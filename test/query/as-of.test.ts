import { newMetadata, type Snapshot, type TableMetadata } from '../../lib/iceberg/metadata';
import { parseAsOf, snapshotAt, snapshotOrNothing } from '../../lib/query/as-of';

const NOW = Date.UTC(2021, 6, 15, 12, 0, 0);
const iso = (text: string, zone = 'UTC') => {
  const asOf = parseAsOf(text, NOW, zone);
  return 'at' in asOf ? new Date(asOf.at).toISOString() : 'tag' in asOf ? `tag ${asOf.tag}` : asOf.snapshotId;
};

test.each([
  ['7306112233445566778', 'UTC', 7306112233445566778n],
  ['2021-01-31', 'UTC', '2021-01-31T00:00:00.000Z'],
  ['2021-01-31', 'Europe/Berlin', '2021-01-30T23:00:00.000Z'],
  ['2021-07-01 13:00', 'Europe/Berlin', '2021-07-01T11:00:00.000Z'],
  ['2021-07-01T13:00:05.250Z', 'Europe/Berlin', '2021-07-01T13:00:05.250Z'],
  ['2021-07-01T13:00+05:30', 'UTC', '2021-07-01T07:30:00.000Z'],
  ['5 minutes ago', 'UTC', '2021-07-15T11:55:00.000Z'],
  ['1 day ago', 'UTC', '2021-07-14T12:00:00.000Z'],
  ['now', 'UTC', '2021-07-15T12:00:00.000Z'],
  ['Before-friday', 'UTC', 'tag Before-friday'],
  ['today', 'America/New_York', '2021-07-15T04:00:00.000Z'],
  ['Yesterday', 'UTC', '2021-07-14T00:00:00.000Z'],
  // The day that clocks went forward: 02:30 did not exist, midnight did.
  ['2021-03-28', 'Europe/Berlin', '2021-03-27T23:00:00.000Z'],
  ['2021-03-28 03:00', 'Europe/Berlin', '2021-03-28T01:00:00.000Z'],
])('asOf.parse: %s in %s', (text, zone, expected) => {
  expect(iso(text, zone)).toEqual(expected);
});

test.each(['', 'some day', '2021-02-30', '2021-13-01', '25:00', '2021-01-01 25:00', '5 fortnights ago'])(
  'asOf.unreadable: %s',
  text => {
    expect(() => parseAsOf(text, NOW, 'UTC')).toThrow('TM_6005');
  },
);

const snapshot = (id: bigint, at: number): Snapshot => ({
  'snapshot-id': id,
  'sequence-number': Number(id),
  'timestamp-ms': at,
  'manifest-list': '',
  summary: { operation: 'append' },
});

function tableOf(snapshots: readonly Snapshot[], log: readonly [number, bigint][]): TableMetadata {
  const empty = newMetadata({
    uuid: 'u',
    location: '/t',
    schema: { 'schema-id': 0, fields: [], identifierFieldIds: [] },
    spec: { 'spec-id': 0, fields: [] },
    properties: {},
    now: 0,
  });
  return {
    ...empty,
    snapshots,
    'snapshot-log': log.map(([ms, id]) => ({ 'timestamp-ms': ms, 'snapshot-id': id })),
  };
}

test('asOf.rollback: what readers saw, by the log', () => {
  // 2 was rolled back to 1 at 30.
  const table = tableOf(
    [snapshot(1n, 10), snapshot(2n, 20)],
    [
      [10, 1n],
      [20, 2n],
      [30, 1n],
    ],
  );
  expect([15, 25, 35].map(at => snapshotAt('t', table, { at })['snapshot-id'])).toEqual([1n, 2n, 1n]);
});

test('asOf.thinned: the newest retained one where the log was cut', () => {
  const table = tableOf([snapshot(1n, 10), snapshot(3n, 30)], [[30, 3n]]);
  expect(snapshotAt('t', table, { at: 29 })['snapshot-id']).toBe(1n);
  expect(() => snapshotAt('t', table, { at: 9 })).toThrow('TM_6003');
});

test('asOf.nothing: before the very first snapshot there was nothing, before the first retained one nobody knows', () => {
  const whole = tableOf([snapshot(1n, 10), snapshot(2n, 20)], [[20, 2n]]);
  expect(snapshotOrNothing('t', whole, { at: 9 })).toBeUndefined();
  expect(snapshotOrNothing('t', whole, { at: 10 })?.['snapshot-id']).toBe(1n);
  expect(snapshotOrNothing('t', tableOf([], []), { at: 9 })).toBeUndefined();
  const thinned = tableOf([snapshot(2n, 20)], [[20, 2n]]);
  expect(() => snapshotOrNothing('t', thinned, { at: 9 })).toThrow('TM_6003');
  const child = { ...snapshot(1n, 20), 'parent-snapshot-id': 7n };
  expect(() => snapshotOrNothing('t', tableOf([child], []), { at: 9 })).toThrow('TM_6003');
  expect(() => snapshotOrNothing('t', whole, { snapshotId: 9n })).toThrow('TM_6004');
});
