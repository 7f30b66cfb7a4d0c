import type { Items, ItemValue } from '../ports/items';
import { receivedKey } from './keys';

/** One step of a file's way: received, quarantined, replayed, taken in as entries. For `trace`; nothing depends on it. */
export interface ReceivedStep {
  readonly at: number;
  readonly what: 'received' | 'quarantined' | 'replayed' | 'taken-in';
  readonly code?: string;
  readonly first?: number;
  readonly count?: number;
  /** Names of columns that were new to the table, and of those that the file lacked; the first of many. */
  readonly newColumns?: readonly string[];
  readonly lacking?: readonly string[];
}

export interface Received {
  readonly identity: string;
  readonly object: string;
  readonly table: string;
  readonly steps: readonly ReceivedStep[];
}

export async function noteStep(
  items: Items,
  file: Omit<Received, 'steps'>,
  step: ReceivedStep,
): Promise<void> {
  const known = await items.get(receivedKey(file.identity));
  const steps = (known?.value as unknown as Received | undefined)?.steps ?? [];
  const value = { ...file, steps: bounded([...steps, step]) } as unknown as ItemValue;
  await items.transact([{ put: receivedKey(file.identity), value }]);
}

/** Steps of a file that are kept: an item of the ledger has 400 kB, and a file may come again and again. */
export const STEPS_MAX = 100;

/** The first and the newest. */
function bounded(steps: readonly ReceivedStep[]): readonly ReceivedStep[] {
  return steps.length <= STEPS_MAX ? steps : [steps[0]!, ...steps.slice(1 - STEPS_MAX)];
}

/** Characters of a file's identity; the source of an entry made of replayed rows has more behind them. */
export const FILE_ID_CHARS = 32;

export async function readReceived(items: Items, identity: string): Promise<Received | undefined> {
  const item = await items.get(receivedKey(identity));
  return item && (item.value as unknown as Received);
}

const PAGE = 500;

/** Every file ever received, in no order that means anything. */
export async function* eachReceived(items: Items): AsyncGenerator<Received> {
  for (let after: string | undefined; ; ) {
    const page = await items.query('received', '', { after, limit: PAGE });
    for (const item of page) yield item.value as unknown as Received;
    if (page.length < PAGE) return;
    after = page.at(-1)!.sort;
  }
}
