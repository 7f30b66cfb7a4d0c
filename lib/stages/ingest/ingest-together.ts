import type { ResolvedLake } from '../../config/resolved';
import { readCounter } from '../../ledger/counter';
import { readReceived } from '../../ledger/received';
import { recordActions, recordSources } from '../../ledger/sources';
import { TRANSACT_ACTIONS_MAX } from '../../ports/items';
import type { LakePorts } from '../../ports/lake-ports';
import { checkLoad, ended, noteReceived, orAside, takeIn } from './ingest';
import { type Prepared, prepare } from './prepare';
import type { Ingested, IngestRequest } from './request';
import { type WrittenFile, writeFile } from './write-file';

/** What became of a file, or why nothing did; later: there was no time to begin it. */
export type Tried = { readonly done: Ingested } | { readonly error: unknown } | { readonly later: true };

/** Files of one transaction stay within so many bytes as they came: what a crash before it makes write again. */
const GROUP_BYTES_MAX = 32 << 20;

/**
 * Takes in files that came at once; those of one table are numbered in one transaction, as many as it holds
 * (PROTOCOL.md, I3). Each ends as if it had come alone: a bad one is put aside, one that fails says so, and the others
 * go on. Files that were begun before and came to no end, as their process died or its time was over, come after all
 * others, each by itself, the one that was begun most often last: none takes others with it for ever.
 * @param mayBegin whether there is time for one more; the first is begun in any case
 * @returns in the order of the requests
 */
export async function ingestTogether(
  ports: LakePorts,
  lake: ResolvedLake,
  requests: readonly IngestRequest[],
  mayBegin: () => boolean = () => true,
): Promise<Tried[]> {
  const run = new Run(ports, lake, mayBegin);
  const files: Begun[] = [];
  for (const request of requests) {
    await run.settle(request, async () => {
      const prepared = await prepare(ports, lake, request);
      if ('outcome' in prepared) return prepared;
      files.push({ prepared, times: requests.length > 1 ? await timesBegun(ports, prepared) : 0 });
      return undefined;
    });
  }
  for (const group of groupsOf(files.filter(file => file.times === 0))) await run.takeInGroup(group);
  for (const { prepared } of files.filter(file => file.times > 0).sort((a, b) => a.times - b.times)) {
    await run.takeInGroup([prepared]);
  }
  return requests.map(request => run.became.get(request)!);
}

interface Begun {
  readonly prepared: Prepared;
  /** How often it was begun before and came to no end. */
  readonly times: number;
}

/** How often a file was begun since it last came to an end, good or bad. */
async function timesBegun(ports: LakePorts, { file }: Prepared): Promise<number> {
  const steps = (await readReceived(ports.items, file.identity))?.steps ?? [];
  return steps.length - 1 - steps.findLastIndex(step => step.what !== 'received');
}

/** Files that may share a transaction: what is the same file, or a LOAD object of the same name, is not of one group. */
function groupsOf(files: readonly Begun[]): Prepared[][] {
  const groups: Prepared[][] = [];
  for (const { prepared } of files) {
    const { table } = prepared.ref;
    const group = groups.findLast(([first]) => first!.ref.table === table);
    const bytes = [...(group ?? []), prepared].reduce((sum, { file }) => sum + file.object.info.size, 0);
    if (group && bytes <= GROUP_BYTES_MAX && !group.some(other => isSame(other, prepared)))
      group.push(prepared);
    else groups.push([prepared]);
  }
  return groups;
}

function isSame({ ref: a }: Prepared, { ref: b }: Prepared): boolean {
  return a.identity === b.identity || (a.load !== undefined && a.load.place === b.load?.place);
}

/** Takes in files of one call, group after group. */
class Run {
  readonly became = new Map<IngestRequest, Tried>();
  private begun = 0;

  constructor(
    private readonly ports: LakePorts,
    private readonly lake: ResolvedLake,
    private readonly mayBegin: () => boolean,
  ) {}

  /** Notes what `work` gives for the request, or how it fails. */
  async settle(request: IngestRequest, work: () => Promise<Ingested | undefined>): Promise<void> {
    try {
      const done = await work();
      if (done) this.became.set(request, { done });
    } catch (error) {
      this.became.set(request, { error });
    }
  }

  /** Writes the deltas of each file, then numbers them all. A crash before that leaves objects that nothing names. */
  async takeInGroup(files: readonly Prepared[]): Promise<void> {
    let written: WrittenFile[] = [];
    for (const prepared of files) {
      if (this.begun++ > 0 && !this.mayBegin()) {
        this.became.set(prepared.request, { later: true });
        continue;
      }
      await this.settle(prepared.request, async () => {
        if (files.length === 1) return takeIn(this.ports, this.lake, prepared);
        const one = await this.write(prepared, written);
        if ('outcome' in one) return one;
        if (!fits([...written, one])) {
          await this.number(written);
          written = [];
        }
        written.push(one);
        return undefined;
      });
    }
    if (written.length > 0) await this.number(written);
  }

  private async write(prepared: Prepared, before: readonly WrittenFile[]): Promise<WrittenFile | Ingested> {
    await noteReceived(this.ports, prepared);
    return orAside(this.ports, prepared, async () => {
      await checkLoad(this.ports, prepared);
      const counter = await readCounter(this.ports.items, prepared.ref.table);
      return writeFile(this.ports, this.lake, prepared, { counter, pending: deltasOf(before) });
    });
  }

  /** One whose deltas are outdated is taken in by itself. */
  private async number(files: readonly WrittenFile[]): Promise<void> {
    const { items, clock } = this.ports;
    const recording = recordSources(items, files[0]!.ref.table, files, { now: clock.now() });
    const recorded = await recording.catch(error => ({ error }));
    for (const file of files) {
      const { prepared } = file;
      await this.settle(prepared.request, () =>
        orAside(this.ports, prepared, async () => {
          if ('error' in recorded) throw recorded.error;
          const one = recorded.get(file)!;
          if (one.outcome === 'outdated') return takeIn(this.ports, this.lake, prepared, file.news);
          return ended(this.ports, file, one);
        }),
      );
    }
  }
}

function deltasOf(files: readonly WrittenFile[]): number {
  return files.reduce((sum, file) => sum + file.written.deltas.length, 0);
}

function fits(files: readonly WrittenFile[]): boolean {
  return files.length === 1 || recordActions(files.length, deltasOf(files)) <= TRANSACT_ACTIONS_MAX;
}
