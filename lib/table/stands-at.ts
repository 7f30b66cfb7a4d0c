import { comparePositions, type Position } from '../change/position';
import { currentSchema } from '../iceberg/metadata';
import type { Entry } from '../ledger/entries';
import type { LakePorts } from '../ports/lake-ports';
import { eachLiveFile } from './live-files';
import { readSlice } from './log';
import type { OpenTable } from './open';

/** Whether any change of a delta stands at exactly this position. A load's rows stand at the one that its entry names. */
export async function standsAt(
  { store }: Pick<LakePorts, 'store'>,
  { metadata }: OpenTable,
  entry: Entry,
  position: Position,
): Promise<boolean> {
  const [least, greatest] = [
    comparePositions(entry.least, position),
    comparePositions(entry.greatest, position),
  ];
  if (least > 0 || greatest < 0) return false;
  if (least === 0 || greatest === 0) return true;
  const { fields } = currentSchema(metadata);
  const log = { store, fields, files: () => eachLiveFile(store, metadata) };
  const { major, minor, length } = await readSlice(log, [entry]);
  for (let row = 0; row < length; row++) {
    if (comparePositions({ major: major[row]!, minor: minor[row]! }, position) === 0) return true;
  }
  return false;
}
