import { join } from 'node:path';
import { openLocalItems } from '../../lib/adapters/local/items';
import { TidemarkError } from '../../lib/errors';
import { localPorts } from './killed-lake';
import { loadOf } from './killed-load';
import { announced } from './killed-program';

/**
 * Loads a copy until it is done or killed. Its clock is ahead of this machine's: the leases of those that were killed
 * before it are over.
 */
async function main(folder: string, landing: string, aheadMs: number): Promise<void> {
  const items = await openLocalItems(join(folder, 'ledger'));
  const said = <T extends object>(port: T) => announced(port, () => 'load');
  const ports = localPorts(folder, items, said);
  const clock = { ...ports.clock, now: () => Date.now() + aheadMs };
  const scratch = join(folder, '.tmp', `load-${process.pid}`);
  await loadOf({ ...ports, clock }, landing, scratch, said).run();
  await items.close();
}

// Should the one that started it be killed, it must not run for ever.
setTimeout(() => process.exit(3), 60_000).unref();
const [folder = '', landing = '', aheadMs = ''] = process.argv.slice(2);
main(folder, landing, Number(aheadMs)).catch(error => {
  const failed = error instanceof TidemarkError && error.code === 'TM_2753';
  console.error(error);
  console.log(failed ? '\nfailed' : '\nbroken');
  process.exit(1);
});
