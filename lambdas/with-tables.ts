import type { AwsLake } from '../lib/runtime/aws';
import { learnUndeclared } from '../lib/stages/undeclared';
import { counted } from './telemetry';

/** An invocation that may be of any table: those too that came in undeclared since the function was loaded. */
export function withTables<T>(
  { config, ports }: { readonly config: AwsLake['config']; readonly ports: Pick<AwsLake['ports'], 'items'> },
  work: () => Promise<T>,
): Promise<T> {
  return counted(config.name, async () => {
    await learnUndeclared(ports, config);
    return work();
  });
}
