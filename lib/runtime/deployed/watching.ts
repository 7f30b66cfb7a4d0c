import { KinesisClient } from '@aws-sdk/client-kinesis';
import { kinesisStream, streamIdentity } from '../../adapters/aws/change-stream';
import { clientSettings } from '../../adapters/aws/clients';
import { streamKey } from '../../config/deployed';
import { streamSources } from '../../config/stream-sources';
import { type SourceStream, sourceStatus } from '../../stages/source-status';
import type { AwsLake } from '../aws';
import type { Lake } from '../lake';
import type { Outputs } from './find';

/** Looks at the lake's streams, with the caller's rights. */
export function watching({ config, ports }: AwsLake, outputs: Outputs): Pick<Lake, 'sources'> {
  return {
    async sources() {
      const client = new KinesisClient(clientSettings());
      const streams = streamSources(config).map(([name, source]): SourceStream => {
        const open = async () => {
          const stream = source.streamArn ?? outputs(streamKey(name));
          return { stream: await streamIdentity(client, stream), watched: kinesisStream(client, stream) };
        };
        return { source: name, open };
      });
      try {
        return await sourceStatus(ports, config, streams);
      } finally {
        client.destroy();
      }
    },
  };
}
