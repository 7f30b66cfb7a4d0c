import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, type Role, ServicePrincipal, StarPrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type CfnBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { PREFIXES } from '../prefixes';
import { keep } from '../retained';

export interface BucketsProps {
  readonly lake: string;
  readonly key: IKey | undefined;
  /** The one role that may delete deltas. */
  readonly removal: Role;
}

/** Where objects stand. No bucket is ever emptied by a stack. */
export class Buckets extends Construct {
  /** Files as they arrive; Tidemark never alters it. */
  readonly landing: Bucket;
  /** Deltas, tables, quarantine: the lake itself. */
  readonly lake: Bucket;
  /** What Athena answered, for a week. */
  readonly results: Bucket;
  /** Who read and wrote which object, for 90 days. */
  readonly logs: Bucket;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: BucketsProps,
  ) {
    super(scope, id);
    this.logs = this.logBucket();
    const { logs } = this;
    this.landing = this.data('Landing', logs, VERSIONED);
    this.lake = this.data('Lake', logs, VERSIONED);
    this.results = this.data('Results', logs, {
      lifecycleRules: [
        { expiration: Duration.days(7), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    this.lake.addToResourcePolicy(denyRemoval(this.lake, props.removal));
  }

  private data(name: string, logs: Bucket, props: BucketProps): Bucket {
    const { key, lake } = this.props;
    const encrypted = key
      ? { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }
      : { encryption: BucketEncryption.S3_MANAGED };
    const bucket = new Bucket(this, name, { ...PRIVATE, ...encrypted, ...props });
    // Set on the resource: the construct's own property writes ACLs, which a bucket of one owner refuses, unless the
    // caller's app has a feature flag set.
    (bucket.node.defaultChild as CfnBucket).loggingConfiguration = {
      destinationBucketName: logs.bucketName,
      logFilePrefix: `${name.toLowerCase()}/`,
    };
    keep(bucket, lake, `${name}Bucket`);
    return bucket;
  }

  /** S3 delivers only into buckets under its own keys. */
  private logBucket(): Bucket {
    const logs = new Bucket(this, 'Logs', {
      ...PRIVATE,
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ expiration: Duration.days(90) }],
    });
    logs.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('logging.s3.amazonaws.com')],
        actions: ['s3:PutObject'],
        resources: [logs.arnForObjects('*')],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    keep(logs, this.props.lake, 'LogsBucket');
    return logs;
  }
}

const PRIVATE = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  enforceSSL: true,
  removalPolicy: RemovalPolicy.RETAIN,
} as const;

/**
 * What is removed or put anew leaves its bytes as an old version: a month to come back from a mistake, and they are
 * gone. Of an upload that nobody ends nothing is to be seen but its cost. DMS lists the landing to test it, and asks
 * that old versions go. Source: DMS User Guide, CHAP_Target.S3.html (limitations).
 */
const VERSIONED = {
  versioned: true,
  lifecycleRules: [
    {
      noncurrentVersionExpiration: Duration.days(30),
      expiredObjectDeleteMarker: true,
      abortIncompleteMultipartUploadAfter: Duration.days(7),
    },
  ],
};

/** The log is what everything else can be rebuilt from: whatever else a principal may do, it keeps its deltas. */
function denyRemoval(lake: Bucket, removal: Role): PolicyStatement {
  return new PolicyStatement({
    sid: 'OnlyVacuumAndEraseRemoveDeltas',
    effect: Effect.DENY,
    principals: [new StarPrincipal()],
    actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
    resources: [lake.arnForObjects(`${PREFIXES.deltas}*`)],
    conditions: { ArnNotEquals: { 'aws:PrincipalArn': removal.roleArn } },
  });
}
