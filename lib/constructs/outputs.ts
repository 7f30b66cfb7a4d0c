import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type OutputKey, outputName } from '../config/deployed';

/** States what the command line finds a lake by, under names that do not depend on where the construct stands. */
export function lakeOutputs(
  scope: Construct,
  lake: string,
  values: { readonly [key in OutputKey]?: string },
): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const name = outputName(lake, key as OutputKey);
    new CfnOutput(scope, `${key}Output`, { value }).overrideLogicalId(name);
  }
}
