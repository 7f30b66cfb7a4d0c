import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  IncreaseStreamRetentionPeriodCommand,
  KinesisClient,
  type StreamModeDetails,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { MOTO, standIn } from '../../endpoints';
import type { Maker } from '../resource';

// The client's own HTTP/2 is understood by no stand-in.
const kinesis = new KinesisClient({ ...standIn(MOTO), requestHandler: new NodeHttpHandler() });

const DEFAULT_HOURS = 24;

export const stream: Maker = async (properties, name) => {
  const StreamName = name.slice(-128);
  await kinesis.send(
    new CreateStreamCommand({
      StreamName,
      ShardCount: properties.ShardCount as number | undefined,
      StreamModeDetails: properties.StreamModeDetails as StreamModeDetails | undefined,
    }),
  );
  const hours = Number(properties.RetentionPeriodHours ?? DEFAULT_HOURS);
  if (hours > DEFAULT_HOURS) {
    const longer = { StreamName, RetentionPeriodHours: hours };
    await kinesis.send(new IncreaseStreamRetentionPeriodCommand(longer));
  }
  const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
  return { ref: StreamName, attributes: { Arn: StreamDescriptionSummary!.StreamARN! } };
};
