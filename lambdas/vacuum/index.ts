import { awsLake } from '../../lib/runtime/aws';
import { vacuum } from './handler';

export const handler = vacuum(awsLake(process.env));
