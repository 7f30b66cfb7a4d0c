import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Architecture, Code, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { deployedConfig, deployedSqlFile } from '../../config/deployed';
import type { ResolvedLake } from '../../config/resolved';

/** Where functions find the config; its reports' SQL stands beside it. */
export const CONFIG_FILE = '/opt/tidemark/config.json';

/**
 * The checked config and the SQL of its reports as a layer: what a function reads changes by the same deploy as its
 * code, and the code by no change of the config.
 */
export function configLayer(scope: Construct, lake: ResolvedLake): LayerVersion {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-config-'));
  try {
    write(join(folder, 'tidemark'), lake);
    // The CDK copies the folder when the layer is made.
    return new LayerVersion(scope, 'Config', {
      code: Code.fromAsset(folder),
      compatibleRuntimes: [Runtime.NODEJS_24_X],
      compatibleArchitectures: [Architecture.ARM_64, ...(lake.deploy.loads ? [Architecture.X86_64] : [])],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function write(folder: string, lake: ResolvedLake): void {
  mkdirSync(folder);
  writeFileSync(join(folder, 'config.json'), JSON.stringify(deployedConfig(lake)));
  for (const { name, sqlFile } of lake.reports) {
    if (sqlFile === undefined) continue;
    const target = join(folder, deployedSqlFile(name));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(sqlFile, target);
  }
}
