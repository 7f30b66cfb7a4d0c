import type { ResolvedTable } from '../../config/resolved';
import { currentSchema } from '../../iceberg/metadata';
import { entriesAfter } from '../../ledger/entries';
import type { LakePorts } from '../../ports/lake-ports';
import { DATE_RECEIVED, logTableOf, ownField } from '../../table/columns';
import { statedCursor } from '../../table/cursor';
import { liveFiles } from '../../table/live-files';
import { openTable } from '../../table/open';

/** The first date, `YYYY-MM-DD`, of the tables' logs; undefined before anything was merged. */
export async function firstReceived(
  ports: LakePorts,
  tables: readonly ResolvedTable[],
): Promise<string | undefined> {
  const dates: string[] = [];
  for (const { name } of tables) {
    const log = await openTable(ports, logTableOf(name));
    if (!log) continue;
    const { id } = ownField(currentSchema(log.metadata).fields, DATE_RECEIVED);
    for (const { file } of (await liveFiles(ports.store, log.metadata)).data) {
      const spec = log.metadata['partition-specs'].find(s => s['spec-id'] === file.specId);
      const at = spec?.fields.findIndex(f => f['source-id'] === id && f.transform === 'identity') ?? -1;
      const day = file.partition[at];
      if (typeof day === 'number') dates.push(new Date(day * 86_400_000).toISOString().slice(0, 10));
    }
  }
  return dates.sort()[0];
}

/** The first date of which something is received and not merged; undefined when nothing waits. */
export async function oldestWaiting(
  ports: LakePorts,
  tables: readonly ResolvedTable[],
): Promise<string | undefined> {
  const dates: string[] = [];
  for (const { name } of tables) {
    const current = await openTable(ports, name);
    // A lost cursor states nothing: then everything waits, for a rebuild.
    const through = (current && statedCursor(current.metadata)?.through) ?? 0;
    for await (const entry of entriesAfter(ports.items, name, through)) dates.push(entry.dateReceived);
  }
  return dates.sort()[0];
}
