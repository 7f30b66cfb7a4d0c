import { awsQueryLake } from '../../lib/runtime/aws-queries';
import { report } from './handler';

export const handler = report(awsQueryLake(process.env));
