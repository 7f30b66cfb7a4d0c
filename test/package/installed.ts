import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const ROOT = resolve(__dirname, '../..');

/** A tarball as `npm pack` describes it; sizes in bytes. */
export interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** A folder that has the packed package installed and nothing of this clone. */
export interface Installed {
  readonly folder: string;
  readonly packed: Packed;
  /** Runs a program there. @returns what it wrote to stdout */
  run(program: string, ...args: string[]): Promise<string>;
}

/** Packs dist/ as it stands and installs the tarball into an empty folder. */
export async function installPackage(): Promise<Installed> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tidemark-package-')));
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [packed] = JSON.parse(await runIn(ROOT, 'npm', ...pack)) as [Packed];
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  await runIn(folder, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', packed.filename);
  return { folder, packed, run: (program, ...args) => runIn(folder, program, ...args) };
}

/** Puts packages of this clone beside it that a consumer would install too; a download would only take time. */
export async function link({ folder }: Installed, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const target = join(folder, 'node_modules', name);
    await mkdir(dirname(target), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), target);
  }
}

/** Copies a file or folder of this clone into it. */
export async function give({ folder }: Installed, from: string, to: string): Promise<void> {
  await cp(join(ROOT, from), join(folder, to), { recursive: true });
}

/** @returns what the program wrote to stdout; fails with all that it wrote */
export async function runIn(cwd: string, program: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd, env: outsideEnvironment() });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}

/** Without what `npm run` and jest say of this clone. */
function outsideEnvironment(): NodeJS.ProcessEnv {
  const own = /^(npm_(package|lifecycle|config_local_prefix)|INIT_CWD|NODE_ENV|NODE_OPTIONS|JEST_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}
