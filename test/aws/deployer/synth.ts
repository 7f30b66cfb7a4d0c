import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '../../..');

/**
 * Runs `cdk synth` on the app as it was built, with a config file.
 * @param output the folder that the cloud assembly is written to
 * @throws when the app is not built, and with what the CDK printed when it fails
 */
export async function synth(config: string, output: string): Promise<void> {
  if (!existsSync(join(ROOT, 'dist/bin/app.js')))
    throw new Error('dist/bin/app.js is missing: npm run build');
  const cdk = join(ROOT, 'node_modules/aws-cdk/bin/cdk');
  const args = [cdk, 'synth', '--quiet', '--output', output, '--context', `config=${config}`];
  await promisify(execFile)(process.execPath, args, { cwd: ROOT });
}
