import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { GlueClient } from '@aws-sdk/client-glue';
import type { S3Client } from '@aws-sdk/client-s3';

/** What befalls one HTTP request: lost: it is carried out and its answer is not heard; an Error: it never arrives. */
export type Fault = 'none' | 'lost' | Error;

/**
 * Lets faults befall a client's requests, each try of the SDK's own retries by itself. `calls` counts what arrived
 * or should have, by command.
 */
export function withFaults(
  client: S3Client | DynamoDBClient | GlueClient,
  plan: (command: string, nth: number, input: Record<string, unknown>) => Fault,
): Map<string, number> {
  const calls = new Map<string, number>();
  (client as S3Client).middlewareStack.add(
    (next, context) => async args => {
      const command = String(context.commandName).replace(/Command$/, '');
      const nth = (calls.get(command) ?? 0) + 1;
      calls.set(command, nth);
      const fault = plan(command, nth, args.input as unknown as Record<string, unknown>);
      if (fault instanceof Error) throw fault;
      const answer = await next(args);
      if (fault === 'lost') throw reset();
      return answer;
    },
    { step: 'deserialize', priority: 'high', name: 'faults' },
  );
  return calls;
}

/** A connection that broke. */
export function reset(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
}

/** An answer of AWS that is an error. */
export function refusal(name: string, status: number): Error {
  return Object.assign(new Error(`simulated ${name}`), { name, $metadata: { httpStatusCode: status } });
}
