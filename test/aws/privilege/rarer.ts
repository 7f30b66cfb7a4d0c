import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { outputName, workgroupNames } from '../../../lib/config/deployed';
import type { DeployedLake } from '../deployed-lake';
import { MOTO, standIn } from '../endpoints';
import { setWorkGroup } from '../stand-ins/controls';

const DAY_MS = 86_400_000;
/** More than any snapshot is kept: then the log's deltas may be joined. */
const EXPIRY_MS = 40 * DAY_MS;
/** A failed report is tried again after five. */
const PAUSE_MS = 6 * 60_000;
const SMALL_FILES = 9;

/** What is to be found in a lake: a table of plain files `city,state`, a stream of JSON, a report by SQL. */
export interface Rarer {
  readonly table: string;
  /** The output that names the stream. */
  readonly stream: Parameters<typeof outputName>[1];
  readonly report: string;
}

/**
 * Has a lake do what days without mishaps do not ask for: columns that come, files and records that are none, an event
 * that is lost, a report that fails and is staged, small files that are joined, and the removal of what they were.
 */
export async function rarerWays(lake: DeployedLake, { table, stream, report }: Rarer): Promise<void> {
  const { upload, settle, tick, fleet } = lake.driver;
  const output = (key: Rarer['stream']) => lake.deployed.outputs[outputName(lake.name, key)]!;
  for (let i = 0; i < SMALL_FILES; i++) await upload(`small/${i}/${table}.csv`, `city,state\nTown ${i},ZZ\n`);
  await upload(`more/${table}.csv`, 'city,state,mayor\nTown 1,ZZ,Ann\n');
  await upload(`bad/${table}.csv`, 'city,state\n"Town');
  const kinesis = new KinesisClient({ ...standIn(MOTO), requestHandler: new NodeHttpHandler() });
  const Records = ['{"visit_id": 9, "page": "/", "agent": "x"}', '{"visit_id":'].map(text => ({
    PartitionKey: 'k',
    Data: Buffer.from(text),
  }));
  await kinesis.send(new PutRecordsCommand({ StreamName: output(stream), Records }));
  await settle();
  await failReport(lake, report);
  const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });
  const lost = { Key: `lost/${table}.csv`, Body: 'city,state\nTown 2,YY\n' };
  await s3.send(new PutObjectCommand({ Bucket: output('LandingBucket'), ...lost }));
  fleet.pass(PAUSE_MS);
  await tick('EveryDay');
  await settle();
  fleet.pass(EXPIRY_MS);
  await upload(`last/${table}.csv`, 'city,state\nTown 3,XX\n');
  await settle();
  await tick('Compaction');
  for (let i = 0; i < 2; i++) {
    await tick('Vacuum');
    fleet.pass(2 * DAY_MS);
  }
}

/** Its next write fails once. */
async function failReport(lake: DeployedLake, report: string): Promise<void> {
  const { system } = workgroupNames(lake.name);
  await setWorkGroup(system, { faults: [{ kind: 'fail', match: 'INSERT INTO', times: 1 }] });
  const date = new Date(Date.now() - 9 * DAY_MS).toISOString().slice(0, 10);
  const order = {
    QueueUrl: lake.deployed.outputs[outputName(lake.name, 'ReportQueue')]!,
    MessageBody: JSON.stringify({ report, date }),
    MessageGroupId: report,
    MessageDeduplicationId: `${report}#${date}`,
  };
  await new SQSClient(standIn(MOTO)).send(new SendMessageCommand(order));
  await lake.driver.settle();
  await setWorkGroup(system, {});
}
