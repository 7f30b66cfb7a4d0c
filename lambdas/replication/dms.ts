import type { Replications } from './handler';

/** What is used of DMS's client, which the function's runtime brings along. */
interface DmsClient {
  describeReplications(input: { Filters: { Name: string; Values: string[] }[] }): Promise<{
    Replications?: { Status?: string; ReplicationStats?: { FullLoadStartDate?: Date } }[];
  }>;
  startReplication(input: { ReplicationConfigArn: string; StartReplicationType: string }): Promise<unknown>;
  stopReplication(input: { ReplicationConfigArn: string }): Promise<unknown>;
}

/** By name at run time: the bundle need not hold a client that every Node.js runtime of Lambda has. */
const CLIENT = '@aws-sdk/client-database-migration-service';

export async function dmsReplications(): Promise<Replications> {
  const { DatabaseMigrationService } = (await import(CLIENT)) as {
    DatabaseMigrationService: new (settings: object) => DmsClient;
  };
  const dms = new DatabaseMigrationService({});
  return {
    async find(arn) {
      const Filters = [{ Name: 'replication-config-arn', Values: [arn] }];
      const found = (await dms.describeReplications({ Filters })).Replications?.[0];
      return (
        found && {
          status: found.Status ?? 'unknown',
          begun: found.ReplicationStats?.FullLoadStartDate !== undefined,
        }
      );
    },
    async start(ReplicationConfigArn, StartReplicationType) {
      await dms.startReplication({ ReplicationConfigArn, StartReplicationType });
    },
    async stop(ReplicationConfigArn) {
      await dms.stopReplication({ ReplicationConfigArn });
    },
  };
}
