import { awsQueryLake } from '../../lib/runtime/aws-queries';
import { merge } from './handler';

export const handler = merge(awsQueryLake(process.env));
