import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { outputName } from '../../lib/config/deployed';
import { awsLake } from '../../lib/runtime/aws';
import { failedBatches } from '../../lib/runtime/deployed/failed-batches';
import type { Outputs } from '../../lib/runtime/deployed/find';
import { SHELL } from './cli-lake';
import type { DeployedLake } from './deployed-lake';
import { withLayers } from './driver/functions';
import { MOTO, standIn } from './endpoints';
import type { UglyRecord } from './ugly-files';

const kinesis = new KinesisClient({ ...standIn(MOTO), requestHandler: new NodeHttpHandler() });

const outputsOf =
  ({ name, deployed }: DeployedLake): Outputs =>
  key =>
    deployed.outputs[outputName(name, key)]!;

/** Puts records on the lake's stream, in this order. */
export async function putRecords(lake: DeployedLake, records: readonly UglyRecord[]): Promise<void> {
  const StreamName = outputsOf(lake)('StreamStream');
  const Records = records.map(({ body }) => ({ PartitionKey: 'visits', Data: Buffer.from(body) }));
  const { FailedRecordCount } = await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
  if (FailedRecordCount) throw new Error(`${FailedRecordCount} records were not put`);
}

/**
 * What `tidemark replay` does with every batch of the stream that was given up, by the lake's clock. Answers how many
 * there were.
 */
export async function replayGivenUp(lake: DeployedLake): Promise<number> {
  const { fleet } = lake.driver;
  Object.assign(process.env, SHELL);
  const environment = { ...withLayers(fleet.named('ingest-stream')), TIDEMARK_S3_PATH_STYLE: 'true' };
  const { ports, ...aws } = awsLake(environment);
  const clock = { ...ports.clock, now: () => fleet.now() };
  const { deadLetters, resend } = failedBatches(
    { ...aws, ports: { ...ports, clock } },
    outputsOf(lake),
    environment,
  );
  const letters = await deadLetters();
  for (const letter of letters) {
    for (const { table } of await resend(letter)) if (table !== undefined) await aws.wakeUps.merge(table);
  }
  return letters.length;
}
