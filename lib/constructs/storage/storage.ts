import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { CfnDatabase } from 'aws-cdk-lib/aws-glue';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

export interface StorageProps {
  /** The lake's name: its catalog database, with hyphens as underscores. */
  readonly name: string;
}

/**
 * What holds data: the landing and lake buckets, the ledger and the catalog database. All of it stays when the
 * stack goes.
 */
export class Storage extends Construct {
  readonly landing: Bucket;
  readonly lake: Bucket;
  readonly ledger: TableV2;
  readonly database: CfnDatabase;

  constructor(scope: Construct, id: string, props: StorageProps) {
    super(scope, id);
    this.landing = this.bucket('Landing');
    this.lake = this.bucket('Lake');
    // The Items port: one partition a table, report or concern (lib/ledger/keys.ts).
    this.ledger = new TableV2(this, 'Ledger', {
      partitionKey: { name: 'partition', type: AttributeType.STRING },
      sortKey: { name: 'sort', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.database = new CfnDatabase(this, 'Database', {
      catalogId: Stack.of(this).account,
      databaseInput: { name: props.name.replaceAll('-', '_') },
    });
    this.database.applyRemovalPolicy(RemovalPolicy.RETAIN);
  }

  private bucket(id: string): Bucket {
    return new Bucket(this, id, {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
