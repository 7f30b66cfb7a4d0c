import { CreateDatabaseCommand, type DatabaseInput, GlueClient } from '@aws-sdk/client-glue';
import { MOTO, standIn } from '../../endpoints';
import type { Maker } from '../resource';

const glue = new GlueClient(standIn(MOTO));

export const database: Maker = async properties => {
  const DatabaseInput = properties.DatabaseInput as DatabaseInput;
  await glue.send(new CreateDatabaseCommand({ DatabaseInput }));
  return { ref: DatabaseInput.Name!, attributes: {} };
};
