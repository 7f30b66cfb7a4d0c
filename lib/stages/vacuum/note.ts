import { noteLookedAt, noteUnnamed, readLookedAt } from '../../ledger/unnamed';
import type { LakePorts } from '../../ports/lake-ports';
import type { ObjectInfo } from '../../ports/object-store';
import { unnamedAmong } from './named';
import { ownFolders } from './own';
import { isHusk } from './remove';
import { type Run, SLICE_OBJECTS, slices } from './run';

/**
 * Goes on through the lake's objects where the last run stopped, and notes those that nothing names with this run's
 * time. Some are listed, then names are read: what is written in between is named or not listed. A crash leaves
 * some noted, and the next run looks at the rest again.
 * @returns false when time ran out
 */
export async function noteTheUnnamed(run: Run, noted: (objects: number) => void): Promise<boolean> {
  const { items } = run.ports;
  for (;;) {
    const listed = await listSome(run, await readLookedAt(items));
    const unnamed = listed && (await unnamedAmong(run, listed.sizes.keys()));
    if (!unnamed) return false;
    for (const some of slices([...unnamed])) {
      if (run.over()) return false;
      noted(
        await noteUnnamed(
          items,
          some.map(key => ({ key, bytes: listed.sizes.get(key)!, since: run.now })),
        ),
      );
      // All before it are named, or noted.
      await noteLookedAt(items, some.at(-1));
    }
    await noteLookedAt(items, listed.last);
    if (listed.last === undefined) return true;
  }
}

/** The lake's objects after a key; without `last` they are all there are. Undefined when time ran out. */
async function listSome(
  run: Run,
  after: string | undefined,
): Promise<{ sizes: Map<string, number>; last?: string } | undefined> {
  const sizes = new Map<string, number>();
  let looked = 0;
  for await (const object of ownObjects(run.ports.store, run.own, after)) {
    if (!isHusk(object) && !object.key.endsWith('/version-hint.text')) sizes.set(object.key, object.size);
    if (++looked === run.atOnce) return { sizes, last: object.key };
    if (looked % SLICE_OBJECTS === 0 && run.over()) return undefined;
  }
  return { sizes };
}

/** In the order of keys, so that all that stands after the last key seen is still to come. */
async function* ownObjects(
  store: LakePorts['store'],
  own: readonly string[],
  after: string | undefined,
): AsyncGenerator<ObjectInfo> {
  const folders = ownFolders(own).sort((a, b) => Buffer.from(a).compare(Buffer.from(b)));
  for (const folder of folders) yield* store.list(folder, after);
}
