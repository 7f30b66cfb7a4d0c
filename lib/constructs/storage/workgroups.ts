import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { workgroupNames } from '../../config/deployed';

export interface WorkgroupsProps {
  readonly lake: string;
  readonly results: Bucket;
  readonly key: IKey | undefined;
  readonly scanLimitGiB: number;
}

/** Folders of the results bucket: people read each other's answers at most, never the lake's. */
export const RESULTS = { people: 'people/', system: 'system/' } as const;

/** Athena's two ways in: people have a limit on what a query reads, the lake's own statements none. */
export function athenaWorkgroups(
  scope: Construct,
  props: WorkgroupsProps,
): Record<'people' | 'system', string> {
  const names = workgroupNames(props.lake);
  const limit = Math.round(props.scanLimitGiB * 1024 ** 3);
  new CfnWorkGroup(scope, 'Workgroup', workgroup(names.people, RESULTS.people, props, limit));
  new CfnWorkGroup(scope, 'SystemWorkgroup', workgroup(names.system, RESULTS.system, props));
  return names;
}

function workgroup(name: string, folder: string, { results, key }: WorkgroupsProps, bytesMax?: number) {
  return {
    name,
    // A workgroup that was used keeps a history and is not deleted without this.
    recursiveDeleteOption: true,
    workGroupConfiguration: {
      enforceWorkGroupConfiguration: true,
      publishCloudWatchMetricsEnabled: true,
      bytesScannedCutoffPerQuery: bytesMax,
      engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
      resultConfiguration: {
        outputLocation: results.s3UrlForObject(folder),
        encryptionConfiguration: key
          ? { encryptionOption: 'SSE_KMS', kmsKey: key.keyArn }
          : { encryptionOption: 'SSE_S3' },
      },
    },
  };
}
