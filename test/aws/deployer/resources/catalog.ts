import { CreateDatabaseCommand, type DatabaseInput, GlueClient } from '@aws-sdk/client-glue';
import { MOTO, standIn } from '../../endpoints';
import type { Maker } from '../resource';

const glue = new GlueClient(standIn(MOTO));

export const database: Maker = async ({ DatabaseInput }) => {
  const { Name, ...rest } = upperCased(DatabaseInput);
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name, ...rest } }));
  return { ref: Name!, attributes: {} };
};

const upperCased = (input: unknown) => input as DatabaseInput;
