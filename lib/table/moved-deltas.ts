import { TidemarkError } from '../errors';
import type { DataFile } from '../iceberg/data-file';
import type { Entry } from '../ledger/entries';
import { daysOf } from './columns';
import { openFile } from './data-file';
import { deltaGone } from './errors';
import { deltasIn } from './joined-deltas';
import type { LogFilesView } from './log';
import type { ChangeReader } from './read-changes';

/*
 * Deltas whose objects are gone while the log has their rows in other files: another engine rewrote those (an
 * OPTIMIZE), then expired the snapshots that named the deltas, which deletes them where nothing forbids it. Rows are
 * known by `_source`; deletes that stand against such a file are another engine's too, and do not count.
 */

/** `work`, or undefined where the object that it reads is not there. */
export async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TidemarkError && GONE.has(error.code)) return undefined;
    throw error;
  }
}

const GONE = new Set(['TM_3005', 'TM_5002']);

/** Adds the rows of entries whose deltas are gone. @throws TM_3012 unless the log has all of them */
export async function readMoved(
  log: LogFilesView,
  reader: ChangeReader,
  gone: readonly Entry[],
): Promise<void> {
  const numbers = new Map(gone.map(entry => [entry.name, entry.n]));
  let missing = gone.reduce((sum, entry) => sum + entry.rows, 0);
  for await (const { file } of log.files()) {
    if (!mayHold(file, gone)) continue;
    const opened = await openFile(log.store, file);
    if (!(await deltasIn(opened, log.fields)).some(({ name }) => numbers.has(name))) continue;
    for (let g = 0; g < opened.footer.rowGroups.length; g++) {
      missing -= reader.add(opened, await reader.read(opened, g), numbers);
    }
  }
  if (missing !== 0) throw deltaGone(gone[0]!.key);
}

/** A file of the log, as it names it, with rows of an entry. */
export interface FileWithRows {
  readonly file: DataFile;
  /** Whether it has no others. */
  readonly alone: boolean;
}

/** The files that hold the rows of a load of which parts are gone. @throws TM_3012 unless all of its rows are there */
export async function filesWithRowsOf(log: LogFilesView, entry: Entry): Promise<FileWithRows[]> {
  const files: FileWithRows[] = [];
  let missing = entry.rows;
  for await (const { file } of log.files()) {
    if (!mayHold(file, [entry])) continue;
    const inside = await deltasIn(await openFile(log.store, file), log.fields);
    const own = inside.filter(({ name }) => name === entry.name);
    if (own.length > 0) files.push({ file, alone: own.length === inside.length });
    for (const { rows } of own) missing -= rows;
  }
  if (missing !== 0) throw deltaGone(entry.key);
  return files;
}

/**
 * The files of the log, as it names them, that hold the rows of entries whose deltas are gone. What else they hold must
 * be rows of `deltas` too; whose rows they hold leave it.
 * @throws TM_3012 unless each entry stands whole in them, and nothing else does
 */
export async function filesOfMoved(
  log: LogFilesView,
  gone: readonly Entry[],
  deltas: Map<string, Entry>,
): Promise<DataFile[]> {
  const names = new Set(gone.map(entry => entry.name));
  const files: DataFile[] = [];
  const held = new Map<string, number>();
  for await (const { file } of log.files()) {
    if (!mayHold(file, gone)) continue;
    const inside = await deltasIn(await openFile(log.store, file), log.fields);
    if (!inside.some(({ name }) => names.has(name))) continue;
    files.push(file);
    for (const { name, rows } of inside) held.set(name, (held.get(name) ?? 0) + rows);
  }
  for (const [name, rows] of held) {
    if (deltas.get(name)?.rows !== rows) throw deltaGone(gone[0]!.key);
    deltas.delete(name);
  }
  const lost = gone.find(entry => !held.has(entry.name));
  if (lost) throw deltaGone(lost.key);
  return files;
}

function mayHold({ content, partition }: DataFile, entries: readonly Entry[]): boolean {
  return content === 0 && entries.some(entry => daysOf(entry.dateReceived) === partition[0]);
}
