import { awsStreamLake } from '../../lib/runtime/aws-streams';
import { ingestStream } from './handler';

export const handler = ingestStream(awsStreamLake(process.env));
