import {
  AthenaClient,
  CreateWorkGroupCommand,
  type StartQueryExecutionCommandInput,
} from '@aws-sdk/client-athena';
import { type AthenaJobs, athenaJobs } from '../../lib/adapters/aws/athena';
import { athenaEngine } from '../../lib/adapters/aws/athena-engine';
import { randomIds } from '../../lib/adapters/local/ids';
import type { QueryEngine } from '../../lib/ports/query-engine';
import { ATHENA, standIn } from './endpoints';
import { answersOf } from './memory-lake';

/** Athena over a place of memory-lake.ts, through the adapters. */
export function athenaOver(place: string): { client: AthenaClient; jobs: AthenaJobs; engine: QueryEngine } {
  const client = new AthenaClient(standIn(ATHENA));
  // A workgroup says where answers are kept; a stand-in without workgroups has to be told.
  client.middlewareStack.add(
    (next, context) => args => {
      if (context.commandName === 'StartQueryExecutionCommand') {
        const input = args.input as StartQueryExecutionCommandInput;
        input.ResultConfiguration ??= { OutputLocation: answersOf(place) };
      }
      return next(args);
    },
    { step: 'initialize' },
  );
  const jobs = athenaJobs(client, { workgroup: place, database: place });
  return { client, jobs, engine: athenaEngine(jobs, { ids: randomIds() }) };
}

/** The workgroup, where the stand-in has such. */
export async function madeWorkgroup(client: AthenaClient, place: string): Promise<void> {
  const ResultConfiguration = { OutputLocation: answersOf(place) };
  await client
    .send(new CreateWorkGroupCommand({ Name: place, Configuration: { ResultConfiguration } }))
    .catch(error => expect(error.message).toMatch(/not implemented/));
}
