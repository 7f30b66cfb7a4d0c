import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '../../..');
const APP = join(ROOT, 'dist/bin/app.js');

/**
 * Runs `cdk synth` on the app as it was built, with a config file.
 * @param output the folder that the cloud assembly is written to
 * @throws when what was built is not of the sources as they stand, and with what the CDK printed when it fails
 */
export async function synth(config: string, output: string): Promise<void> {
  checkBuilt();
  const cdk = join(ROOT, 'node_modules/aws-cdk/bin/cdk');
  const args = [cdk, 'synth', '--quiet', '--output', output, '--context', `config=${config}`];
  await promisify(execFile)(process.execPath, args, { cwd: ROOT });
}

/** Bundles are tested, not sources: those of yesterday would pass for today's. */
function checkBuilt(): void {
  const built = statSync(APP, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newer = ['bin', 'lib', 'lambdas'].flatMap(folder =>
    readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .filter(file => statSync(file).mtimeMs > built),
  );
  if (newer.length > 0) throw new Error(`dist is older than ${newer[0]}: npm run build`);
}
