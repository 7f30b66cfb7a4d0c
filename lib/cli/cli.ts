import type { Command } from 'commander';
import type { ResolvedTable } from '../config/resolved';
import type { QueryJob } from '../ports/query-jobs';
import type { Lake } from '../runtime/lake';
import type { LocalLake } from '../runtime/local';
import { noLake, unknownTable, usage } from './errors';
import { exits } from './exits';
import type { Io } from './io';
import { Progress } from './render/progress';
import { type Output, type RowSet, renderRows } from './render/rows';
import { bytes } from './render/words';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config?: string;
  readonly lake?: string;
  readonly target: 'local' | 'aws';
  readonly output: Output;
  readonly debug?: boolean;
}

/** One run of the command line: its ends, the lakes it opened, and the exit code it comes to. */
export class Cli {
  private readonly opened: Lake[] = [];
  private exit: number = exits.done;

  constructor(readonly io: Io) {}

  get code(): number {
    return this.exit;
  }

  /** The run comes to this code, unless it came to a failure before. */
  finish(code: number): void {
    if (this.exit !== exits.failed) this.exit = code;
  }

  /** One message, to stderr. */
  note(text: string): void {
    this.io.err(`${text}\n`);
  }

  /** One line of the command's own result, to stdout. */
  say(text: string): void {
    this.io.out(`${text}\n`);
  }

  progress(what: string): Progress {
    return new Progress(this.io, what);
  }

  async rows(command: Command, rows: RowSet): Promise<void> {
    await renderRows(rows, options(command).output, this.io);
  }

  /**
   * The lake that the command line means: a folder's, or with --target aws the deployed one.
   * @param begin makes the lake where there is none yet; without it that is an error
   */
  async open(command: Command, begin: 'begin' | 'existing'): Promise<Lake> {
    const { config, lake, target } = options(command);
    if (target === 'local') return this.openAt({ config, lake }, begin);
    if (lake !== undefined) {
      throw usage('--lake names a folder', 'the command line', 'leave it out with --target aws');
    }
    const { openDeployedLake } = await import('../runtime/deployed/deployed');
    const { cwd, environment } = this.io;
    const onQuery = ({ scannedBytes = 0 }: QueryJob) => this.note(`read ${bytes(scannedBytes)}`);
    return this.kept(await openDeployedLake({ config, cwd, environment, onQuery }));
  }

  async openAt(
    named: Pick<GlobalOptions, 'config' | 'lake'>,
    begin: 'begin' | 'existing',
  ): Promise<LocalLake> {
    const { lakeExists, openLocalLake } = await import('../runtime/local');
    const { locate } = await import('../runtime/locate');
    const where = { ...named, cwd: this.io.cwd };
    const { folder } = await locate(where);
    if (begin === 'existing' && !(await lakeExists(folder))) throw noLake(folder);
    return this.kept(await openLocalLake(where));
  }

  private kept<T extends Lake>(lake: T): T {
    this.opened.push(lake);
    return lake;
  }

  async close(): Promise<void> {
    for (const lake of this.opened.splice(0)) await lake.close();
  }
}

export function options(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

/** The tables named, all without names. @throws TM_7002 */
export function tablesOf(lake: Pick<Lake, 'config'>, names: readonly string[]): ResolvedTable[] {
  const { tables } = lake.config;
  if (names.length === 0) return tables;
  return names.map(name => {
    const table = tables.find(t => t.name === name);
    if (!table)
      throw unknownTable(
        name,
        tables.map(t => t.name),
      );
    return table;
  });
}
