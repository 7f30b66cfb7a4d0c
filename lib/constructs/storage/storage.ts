import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { checkDeployable } from '../../config/check-deploy';
import { type Adopted, streamKey } from '../../config/deployed';
import type { ResolvedLake } from '../../config/resolved';
import { acknowledgeWildcards } from '../acknowledged';
import { adopt } from '../adopted';
import { lakeOutputs } from '../outputs';
import type { WorkQueue } from '../work-queue';
import { Buckets } from './buckets';
import { Databases } from './databases';
import { landingQueue } from './landing-queue';
import { ledgerTable } from './ledger';
import { queryRights } from './query-rights';
import { streamKeys, streams } from './streams';
import { athenaWorkgroups } from './workgroups';

export interface StorageProps {
  readonly lake: ResolvedLake;
  /** What a lake of that name left in the account, to be taken in. Default: everything is made anew. */
  readonly adopted?: Adopted;
}

/**
 * What holds data, and what has to stand beside it. Data stays when the stack goes.
 * @throws TM_1003 for a config that cannot be deployed
 */
export class Storage extends Construct {
  readonly buckets: Buckets;
  readonly ledger: TableV2;
  readonly databases: Databases;
  readonly workgroups: { readonly people: string; readonly system: string };
  /** By the name of their source. */
  readonly streams: Readonly<Record<string, IStream>>;
  /** ARNs of the keys of the account that encrypt streams, by the same names. */
  readonly streamKeys: Readonly<Record<string, string>>;
  readonly ingestQueue: WorkQueue;
  /**
   * The only role that deletes: vacuum runs in it, and erase. It stands here because the lake's bucket names it, and
   * the functions' stack comes after the bucket's.
   */
  readonly removal: Role;
  readonly permissions: ResolvedLake['deploy']['permissions'];
  /** For analysts: to query, and change nothing. */
  readonly queryPolicy: ManagedPolicy;
  /** The user's own key; undefined where AWS's keys encrypt. */
  readonly key: IKey | undefined;

  constructor(scope: Construct, id: string, { lake, adopted }: StorageProps) {
    super(scope, id);
    checkDeployable(lake, lake.folder);
    const { name, deploy } = lake;
    this.permissions = deploy.permissions;
    this.key = deploy.kmsKeyArn === undefined ? undefined : Key.fromKeyArn(this, 'Key', deploy.kmsKeyArn);
    const key = this.key;
    this.removal = new Role(this, 'Removal', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.buckets = new Buckets(this, 'Buckets', { lake: name, key, removal: this.removal });
    this.ledger = ledgerTable(this, name, key);
    this.databases = new Databases(this, 'Databases', name);
    const { results } = this.buckets;
    this.workgroups = athenaWorkgroups(this, { lake: name, results, key, scanLimitGiB: deploy.scanLimitGiB });
    this.streams = streams(this, lake, key);
    this.streamKeys = streamKeys(lake);
    this.ingestQueue = landingQueue(this, this.buckets.landing);
    const statements = queryRights(this);
    const description = `Query the lake ${name} by Athena`;
    this.queryPolicy = new ManagedPolicy(this, 'QueryPolicy', { description, statements });
    acknowledgeWildcards(this.queryPolicy, statements);
    this.outputs(name);
    if (adopted) adopt(this, name, adopted);
  }

  private outputs(lake: string): void {
    lakeOutputs(this, lake, {
      LandingBucket: this.buckets.landing.bucketName,
      LakeBucket: this.buckets.lake.bucketName,
      ResultsBucket: this.buckets.results.bucketName,
      LogsBucket: this.buckets.logs.bucketName,
      Ledger: this.ledger.tableName,
      Database: this.databases.tables,
      StagingDatabase: this.databases.staging,
      Workgroup: this.workgroups.people,
      SystemWorkgroup: this.workgroups.system,
      QueryPolicy: this.queryPolicy.managedPolicyArn,
      IngestQueue: this.ingestQueue.queue.queueUrl,
      IngestDeadLetters: this.ingestQueue.deadLetters.queueUrl,
    });
    for (const [source, stream] of Object.entries(this.streams))
      lakeOutputs(this, lake, { [streamKey(source)]: stream.streamName });
  }
}
