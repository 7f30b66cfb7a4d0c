import { isAbsolute, relative, resolve, sep } from 'node:path';

/** Whether a path leads out of the folder, or to the folder itself: a config is often somebody else's. */
export function leavesFolder(folder: string, path: string): boolean {
  const within = relative(folder, resolve(folder, path));
  return within === '..' || within.startsWith(`..${sep}`) || isAbsolute(within) || within === '';
}
