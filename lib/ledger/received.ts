import type { Items, ItemValue } from '../ports/items';
import { receivedKey } from './keys';

/** One step of a file's way: received, quarantined, replayed, taken in as entries. For `trace`; nothing depends on it. */
export interface ReceivedStep {
  readonly at: number;
  readonly what: 'received' | 'quarantined' | 'replayed' | 'taken-in';
  readonly code?: string;
  readonly first?: number;
  readonly count?: number;
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
  const value = { ...file, steps: [...steps, step] } as unknown as ItemValue;
  await items.transact([{ put: receivedKey(file.identity), value }]);
}

/** Characters of a file's identity; the source of an entry made of replayed rows has more behind them. */
export const FILE_ID_CHARS = 32;

export async function readReceived(items: Items, identity: string): Promise<Received | undefined> {
  const item = await items.get(receivedKey(identity));
  return item && (item.value as unknown as Received);
}

/** Every file ever received, in no order that means anything. */
export async function listReceived(items: Items): Promise<Received[]> {
  const found = await items.query('received', '');
  return found.map(item => item.value as unknown as Received);
}
