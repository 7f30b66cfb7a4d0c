import type { Field } from '../../columnar/types';
import { partitionPath } from '../../iceberg/partition';
import type { ParquetFooter } from '../../parquet/footer';
import { fileMetrics } from '../../parquet/metrics';
import type { LakePorts } from '../../ports/lake-ports';
import { mapAtOnce } from '../../table/at-once';
import { unpackedPartition } from '../../table/load-files';
import { readJson, SUMMARIES_AT_ONCE } from './json-object';
import type { MadePack } from './pack';
import { readGathered, resultsOf } from './plan-packs';
import type { Recipe } from './recipe';
import type { StoredPart } from './split';

export interface Sums {
  readonly files: number;
  readonly bytes: number;
  readonly rows: number;
  /** Rows in which the column that is counted on is not NULL. */
  readonly counted: number;
}

/** What went into the packs and what came out, of a partition by its path, or of all. */
export interface Comparison {
  readonly partition: string;
  readonly before: Sums;
  readonly after: Sums;
}

export interface Validation {
  readonly partitions: readonly Comparison[];
  readonly all: Comparison;
  readonly sourceRows: number | null;
  readonly outdone: number;
  /** Rows that are deletes: the log has them, the table has not. */
  readonly dead: number;
  /** What does not add up, in words. */
  readonly differences: readonly string[];
  readonly packs: readonly MadePack[];
}

const NOTHING: Sums = { files: 0, bytes: 0, rows: 0, counted: 0 };

/**
 * Holds files, bytes, rows and counted rows of the packs, which their footers tell, against those of the parts, in all and
 * by partition, and the rows of the parts against the copy's.
 * @throws TM_2753 while tasks of packing have failed
 */
export async function validateLoad(ports: LakePorts, recipe: Recipe): Promise<Validation> {
  const { parts, sourceRows, outdone } = await readGathered(ports, recipe);
  const results = await resultsOf(ports.items, recipe, 'pack');
  const packs = await mapAtOnce(results, SUMMARIES_AT_ONCE, ({ result }) =>
    readJson<MadePack>(ports.store, result as string),
  );
  const before = sumsBy(
    recipe,
    parts.filter(part => !part.dead),
  );
  const dead = parts.reduce((sum, part) => sum + (part.dead ? part.rows : 0), 0);
  const after = sumsBy(recipe, packs);
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  const partitions = names.map(partition => ({
    partition,
    before: before.get(partition) ?? NOTHING,
    after: after.get(partition) ?? NOTHING,
  }));
  const all = {
    partition: '',
    before: [...before.values()].reduce(plus, NOTHING),
    after: [...after.values()].reduce(plus, NOTHING),
  };
  const differences = partitions.flatMap(differencesOf);
  const read = all.before.rows + dead + outdone;
  if (sourceRows !== null && sourceRows !== read)
    differences.push(`the copy has ${sourceRows} rows, ${read} were read`);
  return { partitions, all, sourceRows, outdone, dead, differences, packs };
}

function differencesOf({ partition, before, after }: Comparison): string[] {
  return (['rows', 'counted'] as const)
    .filter(what => before[what] !== after[what])
    .map(what => `${partition || 'the table'}: ${before[what]} ${what} before, ${after[what]} after`);
}

type Summed = Pick<StoredPart, 'partition' | 'bytes' | 'rows' | 'counted'>;

function sumsBy({ shape: { spec, tableFields } }: Recipe, files: readonly Summed[]): Map<string, Sums> {
  const sums = new Map<string, Sums>();
  for (const { partition, ...file } of files) {
    const path = partitionPath(spec, tableFields, unpackedPartition(spec, tableFields, partition));
    sums.set(path, plus(sums.get(path) ?? NOTHING, { ...file, files: 1 }));
  }
  return sums;
}

function plus(a: Sums, b: Sums): Sums {
  return {
    files: a.files + b.files,
    bytes: a.bytes + b.bytes,
    rows: a.rows + b.rows,
    counted: a.counted + b.counted,
  };
}

/** Rows of a file in which a column is not NULL, as its footer says. */
export function countedIn(footer: ParquetFooter, field: Field): number {
  const { nullCounts } = fileMetrics(footer, [field]);
  return footer.rows - (nullCounts.get(field.id) ?? footer.rows);
}
