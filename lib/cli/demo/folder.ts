import { access, cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TidemarkError } from '../../errors';

/** TM_7008: the demo's data comes with a clone of the project, not with the installed package. */
const noExamples = (folder: string) =>
  new TidemarkError(
    'TM_7008',
    "the demo's data is not there",
    folder,
    'run the demo in a clone of the project',
  );

/** The examples of the clone: two folders up from here, from source (lib/cli/demo is bundled into dist/bin) or not. */
export async function examplesFolder(): Promise<string> {
  for (const up of ['../../examples', '../../../examples']) {
    const folder = join(__dirname, up);
    if (await exists(join(folder, 'tidemark.config.ts'))) return folder;
  }
  throw noExamples(join(__dirname, '../../examples'));
}

const FOLDERS_MAX = 1000;

/** Makes `demo-lake`, or `demo-lake-2` and so on where one is there, with the demo's config in it. */
export async function freshDemoFolder(cwd: string, examples: string): Promise<string> {
  for (let n = 1; n <= FOLDERS_MAX; n++) {
    const name = n === 1 ? 'demo-lake' : `demo-lake-${n}`;
    const folder = join(cwd, name);
    if (await exists(folder)) continue;
    await mkdir(folder);
    for (const part of ['tidemark.config.ts', 'reports']) {
      await cp(join(examples, part), join(folder, part), { recursive: true });
    }
    return name;
  }
  throw new TidemarkError(
    'TM_7009',
    `${FOLDERS_MAX} demo lakes are there`,
    cwd,
    'remove the demo-lake folders',
  );
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
