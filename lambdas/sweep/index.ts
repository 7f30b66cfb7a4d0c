import { awsQueryLake } from '../../lib/runtime/aws-queries';
import { sweep } from './handler';

export const handler = sweep(awsQueryLake(process.env));
