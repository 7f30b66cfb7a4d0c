import { TidemarkError } from '../../errors';
import { keyUnusable, storeDenied, storeFailed, storeFull } from '../errors';

/** The system's code of a failed file operation, undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  // Not by `instanceof Error`: node's own errors are of another realm inside a vm context (jest).
  if (typeof error !== 'object' || error === null || !('syscall' in error) || !('code' in error))
    return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Nothing stands under the name: it, or a folder on the way to it, is missing or is a file. */
export function isAbsent(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Runs `work`; a file operation that fails in it becomes a coded error that says what to do. */
export async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw coded(path, error);
  }
}

/** The coded error for a failed file operation; other errors (a body's own, ours) stay as they are. */
export function coded(path: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === undefined || error instanceof TidemarkError) return error;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return storeFull(path, error);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return storeDenied(path, error);
    case 'ENAMETOOLONG':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'EEXIST':
      return keyUnusable(path, error);
    default:
      return storeFailed(path, error);
  }
}
