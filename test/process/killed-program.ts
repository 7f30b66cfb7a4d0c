import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';

const ROOT = join(__dirname, '../..');

/** A program of this folder, bundled into one file that a bare process runs. */
export function programOf(name: string, folder: string): string {
  const program = join(folder, `${name}.cjs`);
  buildSync({
    entryPoints: [join(__dirname, `${name}.ts`)],
    bundle: true,
    platform: 'node',
    external: ['lmdb', 'parquet-wasm', '@duckdb/*'],
    // What is required is found by NODE_PATH, what is imported is not.
    supported: { 'dynamic-import': false },
    outfile: program,
    logLevel: 'error',
  });
  return program;
}

export interface Program {
  /** What it was doing when it ended, by its last word. */
  readonly phase: string;
  readonly how: number | string;
}

/** Runs a worker until it ends, or until it has made so many port calls and is killed. */
export function runUntil(
  program: string,
  args: readonly (string | number)[],
  kill?: { readonly calls: number; random(): number },
): Promise<Program> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, [program, ...args.map(String)], {
      env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    let lines = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-200);
      const before = lines;
      lines += text.split('\n').length - 1;
      // Not at once: calls take a while, and it should die in the middle of them.
      if (kill && before < kill.calls && lines >= kill.calls) {
        void sleep(kill.random() * 3).then(() => child.kill('SIGKILL'));
      }
    });
    child.on('close', (code, signal) => {
      const last = said.trimEnd().split('\n').at(-1) ?? '';
      resolve({ phase: last.split(' ')[0]!, how: code ?? signal ?? '' });
    });
  });
}

/** At each call of a port the process says what it is doing, before it does it. */
export function announced<T extends object>(port: T, doing: () => string): T {
  return new Proxy(port, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        writeSync(1, `${doing()} ${String(name)}\n`);
        return Reflect.apply(value, target, args);
      };
    },
  });
}
