import { createHash } from 'node:crypto';
import type { ResolvedTable } from '../../config/resolved';
import type { Entry } from '../../ledger/entries';
import { openLoad, pastLoad, type StandingLoad } from '../../ledger/loads';
import { numberLoad } from '../../ledger/number-load';
import type { LakePorts } from '../../ports/lake-ports';
import { logTableOf } from '../../table/columns';
import { type LoadFiles, loadFolder } from '../../table/load-files';
import { openTable } from '../../table/open';
import { standsAt } from '../../table/stands-at';
import { readGathered } from './plan-packs';
import { type LoadPorts, lackingOf, type Recipe } from './recipe';
import { endReloadOf } from './rewritten';
import { loadGone, plannedAnew, positionTaken, sumsDiffer } from './run-errors';
import { putTruncatePart } from './truncate-part';
import { type Validation, validateLoad } from './validate';

/**
 * Makes a load part of its table's log, under the next number. The next merge shows its rows, all at once. A crash before
 * the number leaves a manifest that nothing names.
 * @returns the number; undefined when the load was given up, or committed, meanwhile
 * @throws TM_2751 when a change came meanwhile that stands at exactly the load's position, TM_2767 when it was planned anew
 */
export async function commitLoad(
  ports: LakePorts,
  table: ResolvedTable,
  standing: StandingLoad,
  files: LoadFiles,
): Promise<number | undefined> {
  const { load } = standing;
  const manifest = Buffer.from(JSON.stringify(files));
  const key = `${loadFolder(table.name, load.id)}/manifest-${ports.ids.fresh()}.json`;
  await ports.store.putIfAbsent(key, manifest);
  const bytes = files.parts.reduce((sum, part) => sum + part.bytes, 0);
  const delta = {
    name: load.id,
    key,
    rows: files.parts.reduce((sum, part) => sum + part.rows, 0),
    bytes,
    memory: bytes,
    sha256: createHash('sha256').update(manifest).digest('hex'),
    least: load.position,
    greatest: load.position,
    dateReceived: load.dateReceived,
    partial: files.partial ?? false,
    truncates: load.replaces ? 1 : 0,
  };
  const log = (await openTable(ports, logTableOf(table.name)))!;
  const meets = (entry: Entry) => standsAt(ports, log, entry, load.position);
  const numbered = await numberLoad(ports.items, table.name, standing, delta, {
    now: ports.clock.now(),
    meets,
  });
  if ('met' in numbered) throw positionTaken(table.name, numbered.met.name);
  if ('replanned' in numbered) throw plannedAnew(table.name);
  return 'n' in numbered ? numbered.n : undefined;
}

/** A load that is part of its table's log. */
export interface Committed {
  readonly id: string;
  /** The number of its entry. */
  readonly n: number;
  readonly validation: Validation;
}

/**
 * Holds what came out of a load against what went in, and makes it part of the log. Called again it says what it came to.
 * @throws TM_2753, TM_2762 while packing is not done, TM_2755 when sums differ, TM_2758 when it was given up or another
 * recipe was committed,
 * TM_2767 when it was planned anew, TM_2751
 */
export async function commitPacked(ports: LoadPorts, recipe: Recipe): Promise<Committed> {
  const { table, load, copy } = recipe;
  const validation = await validateLoad(ports, recipe);
  if (validation.differences.length > 0) throw sumsDiffer(table.name, validation.differences);
  const standing = await openLoad(ports.items, table.name);
  const n =
    standing?.load.id === load.id
      ? // A copy that was mended on the way has another fingerprint than the one it was begun with.
        await commitLoad(
          ports,
          table,
          { ...standing, load: { ...standing.load, fingerprint: copy.fingerprint, recipe: recipe.id } },
          await filesOf(ports, recipe, validation),
        )
      : undefined;
  const became = n ?? (await numberOf(ports, recipe));
  if (became === undefined) throw loadGone(table.name);
  await endReloadOf(ports, recipe, became);
  return { id: load.id, n: became, validation };
}

async function filesOf(ports: LoadPorts, recipe: Recipe, { packs }: Validation): Promise<LoadFiles> {
  const { parts } = await readGathered(ports, recipe);
  const truncate = recipe.load.replaces ? [await putTruncatePart(ports, recipe)] : [];
  return {
    parts: [...truncate, ...parts.map(({ key, bytes, rows, sha256 }) => ({ key, bytes, rows, sha256 }))],
    packs: packs.map(({ counted: _, ...pack }) => pack),
    spec: recipe.shape.spec,
    partial: lackingOf(recipe).length > 0,
  };
}

/** What another commit of the same recipe came to; undefined when the load was given up, or is of another one. */
async function numberOf({ items }: LoadPorts, { table, load, id }: Recipe): Promise<number | undefined> {
  const past = await pastLoad(items, table.name, load.ordinal);
  return past?.id === load.id && past.recipe === id ? past.n : undefined;
}
