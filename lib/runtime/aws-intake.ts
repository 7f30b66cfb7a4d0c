import { KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { kinesisStream } from '../adapters/aws/change-stream';
import { clientSettings } from '../adapters/aws/clients';
import { systemClock } from '../adapters/local/clock';
import { randomIds } from '../adapters/local/ids';
import type { ResolvedLake } from '../config/resolved';
import type { IntakePorts, TakenFrom } from '../stages/intake/intake';
import { type Environment, readDeployedConfig, variable } from './aws-config';

/** An http source of a deployed lake as its function sees it: no ledger, no bucket, one stream. */
export interface AwsIntake {
  readonly config: ResolvedLake;
  readonly ports: IntakePorts;
  readonly source: TakenFrom;
}

/** An API waits for 30 seconds; a call that says nothing for five is made again. */
const SILENCE_MS_MAX = 5000;
const CONNECTION_MS_MAX = 1000;
const ATTEMPTS_MAX = 2;
/** Calls in a row of which the stream took nothing: about three seconds. */
const REFUSALS_MAX = 6;

/** @throws TM_8201, TM_8202 */
export function awsIntake(environment: Environment): AwsIntake {
  const config = readDeployedConfig(variable(environment, 'TIDEMARK_CONFIG'));
  const source = config.sources[variable(environment, 'TIDEMARK_INTAKE_SOURCE')];
  const client = new KinesisClient({
    ...clientSettings(),
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECTION_MS_MAX,
      socketTimeout: SILENCE_MS_MAX,
    }),
  });
  const arn = variable(environment, 'TIDEMARK_INTAKE_STREAM');
  return {
    config,
    ports: {
      stream: kinesisStream(client, arn, { refusalsMax: REFUSALS_MAX }),
      clock: systemClock(),
      ids: randomIds(),
    },
    source: source?.kind === 'http' ? source : { bodyBytesMax: 0, tables: [] },
  };
}
