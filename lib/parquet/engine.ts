import type * as ParquetWasm from 'parquet-wasm/node';
import { engineLost } from './errors';

export type Engine = typeof ParquetWasm;

let engine: Engine | undefined;
let lost: Error | undefined;

/**
 * Runs `work` on the wasm instance, which is loaded at the first use (0.1 s that a cold start without data must
 * not pay). A trap leaves the instance's memory in an unknown state, so it is thrown away: the next call starts a
 * fresh one where the module can be loaded again, and else throws TM_4206. What `work` throws passes through.
 */
export function withEngine<T>(work: (engine: Engine) => T): T {
  if (lost) throw engineLost(lost);
  engine ??= load();
  try {
    return work(engine);
  } catch (error) {
    if (isTrap(error)) renew(engine, error);
    throw error;
  }
}

function load(): Engine {
  // The name must stand here literally, for bundlers to see it.
  return require('parquet-wasm/node') as Engine;
}

/** By name: an error of another realm (a test runner's sandbox) is no instance of ours. */
function isTrap(error: unknown): error is Error {
  return error instanceof Error && error.name === 'RuntimeError';
}

function renew(broken: Engine, trap: Error): void {
  engine = undefined;
  try {
    delete require.cache[require.resolve('parquet-wasm/node')];
  } catch {
    // A bundle has no module to resolve: load() gives the broken instance again, which is noticed below.
  }
  engine = load();
  if (engine === broken) lost = trap;
}
