import { hasAttempts } from '../../ledger/attempts';
import { isCounted, raiseVacuumCount } from '../../ledger/counter';
import type { LakePorts } from '../../ports/lake-ports';
import { logTableOf } from '../../table/columns';
import { commitMetadata } from '../../table/commit-metadata';
import { withVacuumCountRaised } from '../../table/vacuum-count';
import type { Run } from './run';

/**
 * Whether the lake made the table: the ledger counts its entries, or those of the table whose log it is, or has runs of
 * the report. Anything else is its maker's: it is never expired, and nothing in its folder removed.
 */
export async function isOwn({ items }: LakePorts, name: string): Promise<boolean> {
  const table = name.endsWith(LOG_SUFFIX) ? name.slice(0, -LOG_SUFFIX.length) : name;
  return (await isCounted(items, table)) || hasAttempts(items, name);
}

export async function ownTables(ports: LakePorts): Promise<string[]> {
  const own: string[] = [];
  for (const name of await ports.catalog.list()) if (await isOwn(ports, name)) own.push(name);
  return own;
}

/** Where the lake alone writes: its tables' metadata and data, and what waits for a commit. */
export function ownFolders(own: readonly string[]): string[] {
  return [
    ...['deltas/', 'staging/', 'quarantine/'],
    ...own.flatMap(table => [`${table}/data/`, `${table}/metadata/`]),
  ];
}

const LOG_SUFFIX = logTableOf('');

/**
 * Refuses whoever may yet name one of these objects: each owner's writers that planned before this write their files
 * anew. `fenced` remembers owners: all that this run removes was noted before their fence.
 * @returns false when time ran out
 */
export async function raiseFences(run: Run, keys: readonly string[], fenced: Set<string>): Promise<boolean> {
  const { ports } = run;
  for (const key of keys) {
    const [folder, inner] = key.split('/') as [string, string];
    const owner = folder === 'deltas' || folder === 'staging' ? `${folder}/${inner}` : folder;
    if (fenced.has(owner)) continue;
    if (run.over()) return false;
    if (folder === 'deltas') while (!(await raiseVacuumCount(ports.items, inner)));
    // Deltas are joined, and joined ones named, by commits of the log; what is staged by those of its report.
    const table = folder === 'deltas' ? logTableOf(inner) : folder === 'staging' ? inner : folder;
    if (run.own.includes(table))
      await commitMetadata(ports, table, md => withVacuumCountRaised(md, ports.clock.now()));
    fenced.add(owner);
  }
  return true;
}
