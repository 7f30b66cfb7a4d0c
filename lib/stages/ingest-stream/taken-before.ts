import { entriesAfter } from '../../ledger/entries';
import { eachQuarantined } from '../../ledger/quarantine';
import { compareSequences } from '../../ledger/streams';
import type { Items } from '../../ports/items';
import { type AsideRecord, holdsRecords, type QuarantinedRecords } from './aside';
import { rangeIn } from './record-range';

/** Where records stand that are no table's. */
export const NO_TABLE = '';

/**
 * The sequence numbers among the records of a failure object that a table has dealt with, as far as its entries and
 * quarantine records show: a batch's delta, and what it put aside, are of a run of the shard, in which no record of the
 * table was left out. Of another table's records, and of those that were nobody's, a run says nothing: they are not to be
 * asked for.
 */
export async function takenBefore(
  items: Items,
  table: string,
  { id, records: { stream } }: QuarantinedRecords,
  records: readonly AsideRecord[],
): Promise<Set<string>> {
  if (records.length === 0) return new Set();
  const at = { stream, shard: records[0]!.shard };
  const runs: { first: string; last: string }[] = [];
  const note = (text: string) => {
    const run = rangeIn(text, at);
    if (run) runs.push(run);
  };
  // What this replay took is out of its quarantine record by the same transaction: what is left it did not take.
  for await (const { source } of entriesAfter(items, table, 0)) if (!isBy(id, source)) note(source);
  for await (const other of eachQuarantined(items)) {
    // What another failure object holds is as doubtful.
    if (other.id === id || !holdsRecords(other) || other.records.failure) continue;
    if (other.table === table || other.table === NO_TABLE) note(other.object);
  }
  const within = ({ sequence }: AsideRecord) =>
    runs.some(
      ({ first, last }) => compareSequences(sequence, first) >= 0 && compareSequences(sequence, last) <= 0,
    );
  return new Set(records.filter(within).map(record => record.sequence));
}

/** The source of an entry that a replay made of what waited. */
export const sourceOfReplay = (id: string, range: string) => `${range}#${id}`;

const isBy = (id: string, source: string) => source.endsWith(`#${id}`);
