import { ConfigError } from '../../lib/config/errors';
import { resolveLake } from '../../lib/config/resolve';

export const FILE = '/lakes/shop/tidemark.config.ts';

/** The lake of a config with these tables. */
export function lake(tables: unknown, rest: object = {}) {
  return resolveLake({ name: 'shop', tables, ...rest }, FILE);
}

/** `path: message` of each problem. */
export function problems(tables: unknown, rest: object = {}): string[] {
  try {
    lake(tables, rest);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(problem => `${problem.path}: ${problem.message}`);
  }
}

/** One table, `orders`, with these beside its key. */
export const table = (options: object) => ({ orders: { key: ['id'], ...options } });
