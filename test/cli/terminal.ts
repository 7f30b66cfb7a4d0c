import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { run } from '../../lib/cli/run';
import { SCRATCH } from '../support/scratch';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly stop?: AbortSignal;
  readonly environment?: Record<string, string>;
  /** Sees stdout as it grows. */
  readonly onOut?: (out: string) => void;
}

/** Runs one command line in this process, as from a pipe: no terminal, no questions. */
export async function tidemark(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await run(args, {
    cwd,
    environment: options.environment ?? {},
    out: text => {
      out += text;
      options.onOut?.(out);
    },
    err: text => {
      // How long anything takes is the machine's affair.
      if (!text.endsWith(' ...\n')) err += text;
    },
    stdin: Readable.from([options.stdin ?? '']),
    interactive: false,
    live: false,
    stop: options.stop ?? new AbortController().signal,
  });
  return { code, out, err };
}

// Engines load with the first command that needs them; a busy machine takes its time.
jest.setTimeout(30_000);

const made: string[] = [];
afterAll(() => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** A fresh folder; it is removed when the file's tests are over. */
export function folder(): string {
  const path = mkdtempSync(join(SCRATCH, 'tidemark-cli-'));
  made.push(path);
  return path;
}

export const EXAMPLES = join(__dirname, '../../examples');

/** Rows of an answer in JSON. */
export function json(ran: Ran): Record<string, unknown>[] {
  return JSON.parse(ran.out) as Record<string, unknown>[];
}
