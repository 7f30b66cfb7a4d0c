import { awsIntake } from '../../lib/runtime/aws-intake';
import { takeEvents } from './handler';

export const handler = takeEvents(awsIntake(process.env));
