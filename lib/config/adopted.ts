import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ADOPTED_FILE, type Adopted } from './deployed';
import { configUnreadable } from './errors';

/** What a deploy of this config takes in, as `tidemark adopt` noted it beside the config; undefined where it did not. */
export async function readAdopted(config: string): Promise<Adopted | undefined> {
  const file = join(dirname(config), ADOPTED_FILE);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Adopted;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw configUnreadable(file, error);
  }
}
