import { snapshotSummary } from '../../lib/iceberg/summary';
import { dataFile, snapshotOn, table } from './tables';

const [a, b] = [dataFile('a', [1]), dataFile('b', [2], { recordCount: 5, size: 70 })];
const positions = dataFile('p', [2], { content: 1, recordCount: 2, size: 9 });
const equality = dataFile('e', [3], { content: 2, recordCount: 4, size: 8 });

describe('summary', () => {
  test('append.first snapshot', () => {
    expect(snapshotSummary({ operation: 'append', added: [a, b], removed: [] })).toEqual({
      operation: 'append',
      'added-data-files': '2',
      'added-records': '15',
      'added-files-size': '1070',
      'changed-partition-count': '2',
      'total-data-files': '2',
      'total-records': '15',
      'total-files-size': '1070',
      'total-delete-files': '0',
      'total-position-deletes': '0',
      'total-equality-deletes': '0',
    });
  });

  test('overwrite.totals go on from the parent', () => {
    const first = snapshotSummary({ operation: 'append', added: [a, b, equality], removed: [] });
    const parent = snapshotOn(table(), 1n, 1, first);
    expect(
      snapshotSummary({ operation: 'overwrite', parent, added: [positions], removed: [a, equality] }),
    ).toEqual({
      operation: 'overwrite',
      'added-files-size': '9',
      'added-delete-files': '1',
      'added-position-deletes': '2',
      'deleted-data-files': '1',
      'deleted-records': '10',
      'removed-files-size': '1008',
      'removed-delete-files': '1',
      'removed-equality-deletes': '4',
      'changed-partition-count': '3',
      'total-data-files': '1',
      'total-records': '5',
      'total-files-size': '79',
      'total-delete-files': '1',
      'total-position-deletes': '2',
      'total-equality-deletes': '0',
    });
  });

  test('totals.a parent that does not state them', () => {
    const parent = snapshotOn(table(), 1n, 1, { 'total-records': '100' });
    const summary = snapshotSummary({ operation: 'delete', parent, added: [], removed: [a] });
    expect(summary['total-records']).toBe('90');
    expect('total-data-files' in summary).toBe(false);
  });
});
