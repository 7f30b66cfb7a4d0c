import { withMetadataLog, withSnapshot } from '../../lib/iceberg/evolution';
import { snapshotOn, table } from './tables';

const previous = { uri: 's3://lake/t/metadata/v1.metadata.json', updatedMs: 1000 };

describe('commit', () => {
  test('snapshot.everything that names it', () => {
    const md = withSnapshot(table(), snapshotOn(table(), 7n, 5000), { previous });
    expect(md).toMatchObject({
      'current-snapshot-id': 7n,
      'last-sequence-number': 1,
      'last-updated-ms': 5000,
      refs: { main: { 'snapshot-id': 7n, type: 'branch' } },
      'snapshot-log': [{ 'timestamp-ms': 5000, 'snapshot-id': 7n }],
      'metadata-log': [{ 'timestamp-ms': 1000, 'metadata-file': previous.uri }],
    });
    expect(md.snapshots[0]!['schema-id']).toBe(0);
  });

  test('snapshot.retention of main and other refs survive', () => {
    const tag = { 'snapshot-id': 1n, type: 'tag' };
    const main = { 'snapshot-id': 1n, type: 'branch', 'min-snapshots-to-keep': 3 };
    const first = { ...withSnapshot(table(), snapshotOn(table(), 1n, 2000)), refs: { tag, main } };
    const md = withSnapshot(first, snapshotOn(first, 2n, 3000), { previous });
    expect(md.refs).toEqual({ tag, main: { ...main, 'snapshot-id': 2n } });
  });

  test('snapshot.times rise though the clock does not', () => {
    let md = table();
    for (const id of [1n, 2n, 3n]) {
      md = withSnapshot(md, snapshotOn(md, id, 10), {
        previous: { ...previous, updatedMs: md['last-updated-ms'] },
      });
    }
    expect(md.snapshots.map(s => s['timestamp-ms'])).toEqual([1001, 1002, 1003]);
    expect(md['last-updated-ms']).toBe(1003);
  });

  test('snapshot.out of line', () => {
    const first = withSnapshot(table(), snapshotOn(table(), 1n, 2000));
    expect(() => withSnapshot(first, snapshotOn(table(), 2n, 3000))).toThrow('TM_4024');
    expect(() => withSnapshot(first, { ...snapshotOn(first, 2n, 3000), 'sequence-number': 1 })).toThrow(
      'TM_4024',
    );
    expect(() => withSnapshot(first, snapshotOn(first, 1n, 3000))).toThrow('TM_4024');
  });

  test('log.bounded by the property', () => {
    let md = table({ 'write.metadata.previous-versions-max': '3' });
    for (let i = 1; i <= 5; i++) md = withMetadataLog(md, { uri: `v${i}`, updatedMs: i }, 2000);
    expect(md['metadata-log'].map(e => e['metadata-file'])).toEqual(['v3', 'v4', 'v5']);
    let unbounded = table();
    for (let i = 1; i <= 102; i++)
      unbounded = withMetadataLog(unbounded, { uri: `v${i}`, updatedMs: i }, 2000);
    expect(unbounded['metadata-log']).toHaveLength(100);
  });

  test('log.time rises past the file before', () => {
    expect(withMetadataLog(table(), { uri: 'v1', updatedMs: 1000 }, 10)['last-updated-ms']).toBe(1001);
    expect(withMetadataLog(table(), { uri: 'v1', updatedMs: 1000 }, 7000)['last-updated-ms']).toBe(7000);
  });
});
