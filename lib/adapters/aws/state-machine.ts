import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { awsDenied, awsFailed, awsMissing } from './errors';
import { isDenied, nameOf } from './failures';

/** One run of a state machine. */
export interface Execution {
  readonly arn: string;
  readonly input: unknown;
  readonly state: 'running' | 'succeeded' | 'failed';
  /** What it came to, where it succeeded. */
  readonly output?: unknown;
  /** Where it failed: the name of the error, and what was said of it. */
  readonly error?: string;
  readonly cause?: string;
}

/** A state machine of Step Functions, and its executions by their names. */
export interface StateMachine {
  /** @param name one that no execution of the last 90 days has: letters, digits, `-`, `_`, 80 at most */
  start(name: string, input: object): Promise<string>;
  /** Executions under way whose names begin so. What was started this second may be missing. */
  running(prefix: string): Promise<readonly string[]>;
  look(arn: string): Promise<Execution>;
  /** Ends an execution; what its functions have in hand they end by themselves. */
  stop(arn: string): Promise<void>;
}

/** @throws TM_5201, TM_5203 without the permission, TM_5206 where the machine is gone */
export function stateMachine(client: Pick<SFNClient, 'send'>, arn: string): StateMachine {
  const coded = (call: string, where: string) => (error: unknown) => {
    if (isDenied(error)) throw awsDenied(call, where, error);
    throw /DoesNotExist$/.test(nameOf(error))
      ? awsMissing(call, where, error)
      : awsFailed(call, where, error);
  };
  return {
    async start(name, input) {
      const command = new StartExecutionCommand({ stateMachineArn: arn, name, input: JSON.stringify(input) });
      const { executionArn = '' } = await client.send(command).catch(coded('StartExecution', arn));
      return executionArn;
    },
    async running(prefix) {
      const found: string[] = [];
      for (let token: string | undefined; ; ) {
        const command = new ListExecutionsCommand({
          stateMachineArn: arn,
          statusFilter: 'RUNNING',
          nextToken: token,
        });
        const page = await client.send(command).catch(coded('ListExecutions', arn));
        for (const { name = '', executionArn = '' } of page.executions ?? [])
          if (name.startsWith(prefix)) found.push(executionArn);
        token = page.nextToken;
        if (!token) return found;
      }
    },
    async look(executionArn) {
      const command = new DescribeExecutionCommand({ executionArn });
      const { status, input, output, error, cause } = await client
        .send(command)
        .catch(coded('DescribeExecution', executionArn));
      // PENDING_REDRIVE is a failed one that goes on.
      const running = status === 'RUNNING' || status === 'PENDING_REDRIVE';
      return {
        arn: executionArn,
        input: JSON.parse(input ?? 'null') as unknown,
        state: running ? 'running' : status === 'SUCCEEDED' ? 'succeeded' : 'failed',
        ...(output === undefined ? {} : { output: JSON.parse(output) as unknown }),
        ...(running || status === 'SUCCEEDED' ? {} : { error: error ?? status ?? '' }),
        ...(cause === undefined ? {} : { cause }),
      };
    },
    async stop(executionArn) {
      const command = new StopExecutionCommand({ executionArn, cause: 'the load was given up' });
      await client.send(command).catch(coded('StopExecution', executionArn));
    },
  };
}
