import { TidemarkError } from '../../errors';
import type { NotDeleted } from '../../ports/object-store';

/** TM_3101: a whole run did not suffice to read once what names objects; without that nothing is judged. */
export const namesTooMany = () =>
  new TidemarkError(
    'TM_3101',
    'the time was over before all that names objects was read; nothing was removed',
    'vacuum',
    'compact the tables, or keep fewer snapshots and tags; where it runs as a function, give it more memory',
  );

/** TM_3102: the store refused to remove objects that nothing names. Everything else went; these stay noted. */
export const removalRefused = (objects: number, { key, reason }: NotDeleted) =>
  new TidemarkError(
    'TM_3102',
    `${objects} objects could not be removed, the first as ${reason}`,
    key,
    'let vacuum delete there (s3:DeleteObject, or the rights of the folder); the next run tries again',
  );
