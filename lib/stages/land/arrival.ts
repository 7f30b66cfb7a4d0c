import { readEntry } from '../../ledger/entries';
import { type Landed, readLanded } from '../../ledger/landed';
import { readQuarantined } from '../../ledger/quarantine';
import { readReceived } from '../../ledger/received';
import type { Items } from '../../ports/items';
import type { ObjectStore } from '../../ports/object-store';
import type { Ingested } from '../ingest/request';

interface ArrivalPorts {
  readonly items: Items;
  readonly landing: ObjectStore;
}

/** Whether an object of the landing is dealt with as it stands. What waits in quarantine is tried again when asked to. */
export async function isSettled({ items, landing }: ArrivalPorts, key: string): Promise<boolean> {
  const landed = await readLanded(items, key);
  if (!landed || landed.outcome === 'quarantined') return false;
  return landed.etag === (await landing.head(key))?.etag;
}

/**
 * What became of an object of the landing, by the ledger alone; undefined while it is not dealt with as it stands.
 * @param before what was noted of it before it was announced: another note is waited for
 */
export async function arrivalOf(
  { items, landing }: ArrivalPorts,
  key: string,
  before?: Landed,
): Promise<Ingested | undefined> {
  const landed = await readLanded(items, key);
  if (!landed || landed.at === before?.at) return undefined;
  if (landed.etag !== (await landing.head(key))?.etag) return undefined;
  return becameOf(items, landed);
}

async function becameOf(items: Items, { key, identity, outcome: noted }: Landed): Promise<Ingested> {
  const outcome = noted as Ingested['outcome'];
  const received = identity === undefined ? undefined : await readReceived(items, identity);
  const table = received?.table || undefined;
  const became = { object: key, table, outcome, identity };
  const waits = identity === undefined ? undefined : await readQuarantined(items, identity);
  const { code, reason } = waits ?? {};
  const aside = waits && {
    error: { code: code!, reason: reason!, message: `[${code}] ${reason} · ${key}` },
    badRows: waits.badRows,
  };
  const taken = received?.steps.findLast(step => step.what === 'taken-in');
  if (table === undefined || taken?.first === undefined || outcome === 'quarantined') {
    return { ...became, ...aside };
  }
  const { first, count = 1, newColumns, lacking } = taken;
  let rows = 0;
  let dateReceived: string | undefined;
  for (let n = first; n < first + count; n++) {
    const entry = await readEntry(items, table, n);
    rows += entry?.rows ?? 0;
    dateReceived ??= entry?.dateReceived;
  }
  return { ...became, ...aside, first, count, rows, dateReceived, newColumns, lacking };
}
