import { awsLake } from '../../lib/runtime/aws';
import { compact } from './handler';

export const handler = compact(awsLake(process.env));
