import { eachReceived, type Received } from '../../lib/ledger/received';
import type { Items } from '../../lib/ports/items';

export async function listReceived(items: Items): Promise<Received[]> {
  const all: Received[] = [];
  for await (const received of eachReceived(items)) all.push(received);
  return all;
}
