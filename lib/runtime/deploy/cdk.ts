import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Environment } from '../aws-config';
import { cdkFailed } from './errors';
import { checkPeers } from './peers';

export interface CdkRun {
  readonly command: 'deploy' | 'diff' | 'destroy';
  readonly configFile: string;
  readonly cwd: string;
  readonly environment: Environment;
  /** The caller's own, after ours. */
  readonly args?: readonly string[];
}

/**
 * Runs the CDK on the lake's stacks, its words and questions on the terminal. The project's own aws-cdk, else ours, else
 * the one that npx fetches. @throws TM_8022, TM_8026
 */
export async function cdk({ command, configFile, cwd, environment, args = [] }: CdkRun): Promise<void> {
  checkCdk();
  const [program, ...before] = cdkProgram(cwd);
  const all = [...before, command, '--all', '--app', appFile(), '-c', `config=${configFile}`, ...args];
  const child = spawn(program!, all, { cwd, stdio: 'inherit', env: { ...environment } });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw cdkFailed(command, code);
}

/** @throws TM_8026 when what stacks are made with is not installed */
export function checkCdk(): void {
  checkPeers(createRequire(appFile()).resolve);
}

function cdkProgram(cwd: string): string[] {
  for (const from of [cwd, __dirname]) {
    try {
      const found = createRequire(join(from, 'x.js')).resolve('aws-cdk/package.json');
      return [process.execPath, join(dirname(found), 'bin/cdk')];
    } catch {
      // Not installed there.
    }
  }
  return ['npx', '--yes', 'aws-cdk@2'];
}

/**
 * The CDK runs a file of JavaScript by its own Node; a command line would lose its quotes. It lies beside the command
 * line's bundle; seen from the sources, where the build put it.
 */
function appFile(): string {
  const beside = join(__dirname, 'app.js');
  return existsSync(beside) ? beside : join(__dirname, '../../../dist/bin/app.js');
}
