import { awsLake } from '../../lib/runtime/aws';
import { awsLoadSteps } from '../../lib/runtime/aws-loads';
import { load } from './handler';

export const handler = load(awsLake(process.env), awsLoadSteps(process.env));
