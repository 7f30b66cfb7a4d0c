import { BEFORE_ALL } from '../../lib/change/position';
import { TidemarkError } from '../../lib/errors';
import { abandonLoad, openLoad } from '../../lib/ledger/loads';
import type { LakePorts } from '../../lib/ports/lake-ports';
import type { Begun } from '../../lib/stages/load/begin';
import { commitLoad } from '../../lib/stages/load/commit';
import { mergeUntil } from '../../lib/stages/merge/merge-until';
import { logTableOf } from '../../lib/table/columns';
import { openTable } from '../../lib/table/open';
import type { TestLake } from '../support/lake';
import { beginOf, type CopiedRow, filesOf } from '../support/loads';
import type { NaiveChange } from '../support/naive-fold';

/** Loads of the small world's table. */
const T = 'one';

/** A load that is to happen, and what it turned out to be. */
export interface Copy {
  readonly replaces: boolean;
  readonly rows: readonly CopiedRow[];
}

/** What the entries of loads mean, by the name of their source. */
export type Loads = Map<string, { readonly copy: Copy; readonly begun: Begun }>;

/** Begins the load, or goes on with the one that is under way, as a process does that was started again. */
export async function load(lake: TestLake, ports: LakePorts, copy: Copy, known: Loads): Promise<void> {
  const table = lake.lake.tables.find(t => t.name === T)!;
  const standing = await openLoad(ports.items, T);
  const log = standing && (await openTable(ports, logTableOf(T)));
  // A replace that was committed before drops what a plain load would bring.
  const begun = log ? { standing, log } : await beginOf(ports, table, copy.replaces).catch(unless('TM_2768'));
  if (!begun) return;
  const source = `load#${begun.standing.load.id}`;
  const { copy: what } = known.get(source) ?? { copy };
  known.set(source, { copy: what, begun });
  const files = await filesOf(ports, table, begun, what.rows, { ...lake.lake.limits, rowGroupRowsMax: 2 });
  try {
    await commitLoad(ports, table, begun.standing, files);
  } catch (error) {
    unless('TM_2751')(error);
    await abandonLoad(ports.items, T, begun.standing);
  }
}

/** Throws every error on but one. */
const unless = (code: string) => (error: unknown) => {
  if (!(error instanceof TidemarkError && error.code === code)) throw error;
};

/**
 * Runs whose time is over as soon as they have done something: of a load each folds an entry, or a row or two.
 * @param between what happens after each
 */
export async function mergeInSteps(
  lake: TestLake,
  ports: LakePorts,
  runs: number,
  between: () => Promise<unknown> = async () => {},
): Promise<void> {
  const table = lake.lake.tables.find(t => t.name === T)!;
  const limits = { ...lake.lake.limits, mergeRowsMax: 1 };
  for (let run = 0; run < runs; run++) {
    if (!(await mergeUntil(ports, table, limits, 0)).again) return;
    await between();
  }
  throw new Error(`not merged in ${runs} runs`);
}

/** Changes of the world stand at one major; a load before all of them, or just after those known. */
export function loaded({ copy, begun }: { copy: Copy; begun: Begun }, entry: number): NaiveChange[] {
  const { position, replaces } = begun.standing.load;
  const { major, minor } = position;
  const at = { entry, major: major > 0n ? 0n : BEFORE_ALL.major, minor };
  const truncate: NaiveChange = { ...at, row: 0, op: 'T', key: '', values: {} };
  const rows = copy.rows.map(
    ({ id, ...values }, row): NaiveChange => ({ ...at, row, op: 'I', key: String(id), values }),
  );
  return replaces ? [truncate, ...rows] : rows;
}
