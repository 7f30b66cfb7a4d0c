import { awsLake } from '../../lib/runtime/aws';
import { ingestFiles } from './handler';

export const handler = ingestFiles(awsLake(process.env));
