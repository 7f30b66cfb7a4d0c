import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Normal } from './normal';

/** What a reader found: rows in its own order, values in the order of `columns`. */
export interface Found {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Normal[])[];
}

/** Which rows to read. `filter` is text that SQL and PyIceberg's expressions both understand. */
export interface Look {
  readonly columns?: readonly string[];
  readonly filter?: string;
  readonly snapshot?: string;
  /** Milliseconds since 1970. */
  readonly at?: number;
}

/** What PyIceberg makes of a table's metadata. */
export interface Described {
  /** Id, name, type, required. */
  readonly fields: readonly (readonly [number, string, string, boolean])[];
  readonly key: readonly string[];
  readonly spec: readonly (readonly [string, string])[];
  readonly snapshots: readonly string[];
  readonly manifests: number;
  readonly deletes: number;
}

/** One commit of PyIceberg's; write.py has them all. */
export type Step = { readonly step: string } & Readonly<Record<string, unknown>>;

/** Engines that know nothing of Tidemark, in one Python process. A task that fails rejects with the engine's words. */
export interface Readers {
  /** `files`: how many data files the scan plans to read. */
  pyiceberg(metadata: string, look?: Look): Promise<Found & { readonly files: number }>;
  /** `path`: a metadata file or a table's folder. */
  duckdb(path: string, look?: Look): Promise<Found>;
  describe(metadata: string): Promise<Described>;
  /** Commits on top of a metadata file; the newest one's path. `counting` false: under PyIceberg's own numbers. */
  write(metadata: string, steps: readonly Step[], counting?: boolean): Promise<string>;
  /** Runs a snippet; what it left under `answer`. */
  run(code: string, names: Readonly<Record<string, string>>): Promise<Found>;
}

const PYTHON = process.env.INTEROP_PYTHON ?? join(__dirname, '../../.cache/interop-venv/bin/python');

/** The readers of a test file, from its first test to its last. `environment`: what they find besides ours. */
export function foreignReaders(environment: Readonly<Record<string, string>> = {}): Readers {
  let python: Python | undefined;
  jest.setTimeout(120_000);
  beforeAll(() => {
    python = new Python(environment);
  });
  afterAll(() => python?.end());
  const ask = <T>(task: Record<string, unknown>) => python!.ask<T>(task);
  return {
    pyiceberg: (metadata, look = {}) => ask({ do: 'pyiceberg', metadata, ...look }),
    duckdb: (path, look = {}) => ask({ do: 'duckdb', path, ...look }),
    describe: metadata => ask({ do: 'describe', metadata }),
    write: async (metadata, steps, counting = true) =>
      (await ask<{ metadata: string }>({ do: 'write', metadata, steps, counting })).metadata,
    run: (code, names) => ask({ do: 'run', code, names }),
  };
}

/** Answers come in the order of the tasks. */
class Python {
  private readonly child: ChildProcess;
  private readonly waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  private said = '';

  constructor(environment: Readonly<Record<string, string>>) {
    if (!existsSync(PYTHON))
      throw new Error(`${PYTHON} is not there: start the tests with npm run test:interop`);
    // -B: no compiled files beside the sources. -W: a library's deprecations are no answer.
    this.child = spawn(PYTHON, ['-B', '-W', 'ignore', join(__dirname, 'read.py')], {
      stdio: 'pipe',
      env: { ...process.env, ...environment },
    });
    createInterface({ input: this.child.stdout! }).on('line', line => this.waiting.shift()?.resolve(line));
    this.child.stderr!.on('data', (words: Buffer) => {
      this.said += words.toString();
    });
    this.child.on('exit', code => {
      for (const { reject } of this.waiting.splice(0))
        reject(new Error(`Python ended with ${code}: ${this.said}`));
    });
  }

  async ask<T>(task: Record<string, unknown>): Promise<T> {
    const line = await new Promise<string>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin!.write(`${JSON.stringify(task)}\n`);
    });
    const answer = JSON.parse(line) as T & { error?: string };
    if (answer.error !== undefined) throw new Error(`${task.do}: ${answer.error}`);
    return answer;
  }

  async end(): Promise<void> {
    const ended = new Promise(resolve => this.child.once('close', resolve));
    this.child.stdin!.end();
    await ended;
  }
}
