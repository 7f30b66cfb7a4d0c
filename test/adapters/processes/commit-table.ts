import { localStore } from '../../../lib/adapters/local/object-store';
import { catalogOverStore } from '../../../lib/adapters/store-catalog';
import { commit } from '../../contracts/catalog.contract';
import { stopInTime } from './deadline';

/** Commits `count` marks to one table, each until it is in. */
async function main(folder: string, name: string, count: number): Promise<void> {
  const catalog = catalogOverStore(localStore(folder));
  for (let n = 0; n < count; n++) await commit(catalog, 'users', `${name}${n}`);
}

stopInTime();
void main(process.argv[2] ?? '', process.argv[3] ?? '', Number(process.argv[4]));
