import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';

const ROOT = join(__dirname, '../../..');

// A test that fails or runs out of time leaves its processes running; they would keep jest from ending.
const started = new Set<ChildProcess>();
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** Bundles a program of this folder into `folder` once; each call starts a process of it. */
export function program(name: string, folder: string): (...args: string[]) => Running {
  const outfile = join(folder, `${name}.cjs`);
  buildSync({
    entryPoints: [join(__dirname, `${name}.ts`)],
    bundle: true,
    platform: 'node',
    external: ['lmdb'],
    outfile,
    logLevel: 'error',
  });
  return (...args) => start(outfile, args);
}

export interface Running {
  /** The lines it has written so far. */
  readonly lines: string[];
  readonly process: ChildProcess;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Resolves once it has written `count` lines; rejects when it ends before. */
  wrote(count: number): Promise<void>;
}

function start(file: string, args: string[]): Running {
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.add(child);
  void child.once('exit', () => started.delete(child));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', line => lines.push(line));
  const closed = new Promise(resolve => reader.on('close', resolve));
  const exited = new Promise<number | string>(resolve =>
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')),
  );
  const ended = Promise.all([exited, closed]).then(([how]) => how);
  const wrote = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const look = () => lines.length >= count && resolve();
      reader.on('line', look);
      look();
      void ended.then(how => reject(new Error(`ended (${how}) after ${lines.length} lines`)));
    });
  return { lines, process: child, ended, wrote };
}
