import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Execution, type Executions, Refused } from './executions';

type Input = Readonly<Record<string, string | undefined>>;

const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);

const told = ({ arn, machineArn, name, status, startDate, stopDate }: Execution) => ({
  executionArn: arn,
  stateMachineArn: machineArn,
  name,
  status,
  startDate: seconds(startDate),
  stopDate: seconds(stopDate),
});

/** What the command line asks of Step Functions. A call of another one is refused. */
const CALLS: Readonly<Record<string, (executions: Executions, input: Input) => unknown>> = {
  StartExecution(executions, { stateMachineArn = '', name, input = '{}' }) {
    const { arn, startDate } = executions.start(stateMachineArn, name, input);
    return { executionArn: arn, startDate: seconds(startDate) };
  },
  DescribeExecution(executions, { executionArn = '' }) {
    const execution = executions.find(executionArn);
    const { input, output, error, cause } = execution;
    return { ...told(execution), input, output, error, cause };
  },
  ListExecutions(executions, { stateMachineArn = '', statusFilter }) {
    const fitting = executions.list(stateMachineArn).filter(e => !statusFilter || e.status === statusFilter);
    return { executions: fitting.map(told) };
  },
  StopExecution(executions, { executionArn = '', error, cause }) {
    const why = { ...(error ? { error } : {}), ...(cause ? { cause } : {}) };
    return { stopDate: seconds(executions.stop(executionArn, why).stopDate) };
  },
};

/** Step Functions for clients of the SDK. */
export interface Server {
  readonly endpoint: string;
  close(): void;
}

export async function serve(executions: Executions): Promise<Server> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
    try {
      const call = CALLS[String(request.headers['x-amz-target']).split('.')[1] ?? ''];
      if (!call) throw new Refused('UnknownOperationException', String(request.headers['x-amz-target']));
      answer(200, call(executions, JSON.parse(Buffer.concat(chunks).toString()) as Input));
    } catch (error) {
      const type = error instanceof Refused ? error.type : 'InternalFailure';
      answer(400, { __type: type, message: String(error) });
    }
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
