import { TidemarkError } from '../errors';
import { defineLake } from './define';
import { noDefaultExport } from './errors';

/** What a config file may end in. */
export const EXTENSIONS: readonly string[] = ['.ts', '.mts', '.mjs', '.js', '.json'];

/**
 * How jiti runs a config. 'tidemark' is handed in as an object: it resolves in a folder without node_modules, from
 * source and from the bundle alike. No caches: a config may be edited and loaded again by one process (watch), and
 * leaves nothing on disk.
 */
export const IMPORT_OPTIONS = {
  fsCache: false,
  moduleCache: false,
  interopDefault: false,
  virtualModules: { tidemark: { defineLake, TidemarkError } },
};

/** The config of a loaded module. @throws TM_1004 */
export function defaultExport(loaded: unknown, file: string): unknown {
  if (typeof loaded !== 'object' || loaded === null) throw noDefaultExport(file);
  if ('default' in loaded) return loaded.default;
  // CommonJS: module.exports itself is the config.
  if ('__esModule' in loaded) throw noDefaultExport(file);
  return loaded;
}

/** Editors of some systems begin a file with a mark of its encoding. */
export function parseJson(text: string): unknown {
  return JSON.parse(text.replace(/^\uFEFF/, ''));
}
