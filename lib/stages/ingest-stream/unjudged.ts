import type { RowFault } from '../../formats/errors';
import { cursorAction, isAfter, shardCursor } from '../../ledger/streams';
import type { LakePorts } from '../../ports/lake-ports';
import { putAsideAction, readWaiting } from './aside';
import { placeAfter } from './places';
import { rangeOf, rangeText } from './record-range';
import type { RecordsRequest } from './request';

/** Records of one shard that no run has dealt with to its end, and what goes for all of them. */
export interface Unjudged extends Pick<RecordsRequest, 'source' | 'stream' | 'records'> {
  /** The quarantine id: the same for the same records. */
  readonly id: string;
  readonly fault: RowFault;
}

/**
 * Puts the records into quarantine without a look at what they say. A run may have taken some of them in before it
 * died, and the cursors of their tables may have passed them: a replay looks for them in the log's entries.
 */
export async function putUnjudgedAside(ports: LakePorts, unjudged: Unjudged): Promise<void> {
  const { id, source, stream, records, fault } = unjudged;
  const at = { stream, shard: records[0]!.shard };
  for (;;) {
    if (await readWaiting(ports.items, id)) return;
    const cursor = await shardCursor(ports.items, at, stream.shards);
    // Behind a cursor that has passed them stand later records: what those were raised to says nothing of these.
    const passed = !isAfter(records[0]!.sequence, cursor);
    const { placed, next } = placeAfter(passed ? { ...cursor, arrival: 0n } : cursor, records, false);
    const aside = await putAsideAction(ports, {
      id,
      object: rangeText(rangeOf(stream, placed)),
      table: '',
      records: placed.map(record => ({ ...record, fault })),
      from: {
        source,
        stream: { name: stream.name, createdAt: stream.createdAt },
        failure: true,
        oldest: Math.floor(Math.min(...records.map(record => record.arrivedAt))),
      },
      at: ports.clock.now(),
    });
    // Only the shard's count moves: these records are no news of how far it was read.
    const counted = { ...cursor, count: next.count };
    const moved = await ports.items.transact([cursorAction(at, undefined, cursor, counted), aside]);
    if (moved.done) return;
  }
}
