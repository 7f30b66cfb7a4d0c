import { AthenaClient, CreateWorkGroupCommand, type WorkGroupConfiguration } from '@aws-sdk/client-athena';
import { ATHENA, standIn } from '../../endpoints';
import type { Maker } from '../resource';

const athena = new AthenaClient(standIn(ATHENA));

export const workgroup: Maker = async ({ Name, WorkGroupConfiguration }) => {
  const Configuration = WorkGroupConfiguration as WorkGroupConfiguration;
  await athena.send(new CreateWorkGroupCommand({ Name: Name as string, Configuration }));
  return { ref: Name as string, attributes: {} };
};
