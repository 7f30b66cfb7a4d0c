import { type ChildProcess, fork } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REGION } from '../deployer/intrinsics';
import { ATHENA, DYNAMODB, MOTO } from '../endpoints';
import { type LambdaFunction, withLayers } from './functions';

/** What an invocation came to. `memoryMb`: the most that its process ever held. */
export type Invoked =
  | { readonly ok: true; readonly answer: unknown; readonly memoryMb: number }
  | ({ readonly ok: false; readonly error: string; readonly memoryMb?: number } & Partial<Thrown>);

/** An error's class and words, as Lambda hands them to whoever invoked the function. */
interface Thrown {
  readonly type: string;
  readonly message: string;
}

export interface Invocation {
  readonly event: unknown;
  /** How far the lake's clock is before this machine's, in milliseconds. */
  readonly aheadMs: number;
  /** Kills the process after so many milliseconds, if it still works. */
  readonly killAfterMs?: number;
}

/** A process that holds a function, as a warm Lambda does. Of a killed one nothing is left. */
export interface Environment {
  invoke(invocation: Invocation): Promise<Invoked>;
  readonly alive: boolean;
  kill(): void;
}

export interface Machine {
  /** The program that runs it: the Node.js of its runtime. */
  readonly node: string;
  /** The access key id that it calls AWS with; the stand-ins know its calls by it. */
  readonly principal: string;
  /** Everything it writes goes here. */
  readonly log: string;
}

export function startEnvironment(lambda: LambdaFunction, machine: Machine): Environment {
  const disk = mkdtempSync(join(tmpdir(), `tidemark-${lambda.name}-`));
  const child = fork(join(__dirname, 'worker.cjs'), {
    execPath: machine.node,
    // As Lambda sets it: the heap may take nearly all of the function's memory.
    execArgv: [`--max-old-space-size=${Math.floor(lambda.memoryMb * 0.9)}`],
    // Its /tmp is its own.
    env: { ...variables(lambda, machine), ...withLayers(lambda), TMPDIR: disk },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const log = createWriteStream(machine.log, { flags: 'a' });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.once('exit', () => {
    log.end();
    rmSync(disk, { recursive: true, force: true });
  });
  let alive = true;
  child.once('exit', () => {
    alive = false;
  });
  // Its end is heard of later, and its channel may be closed by then: from here on nobody may be sent there.
  const kill = () => {
    alive = false;
    child.kill('SIGKILL');
  };
  return {
    invoke: invocation => invoke({ child, kill }, lambda, invocation),
    get alive() {
      return alive && child.connected;
    },
    kill,
  };
}

/** What the runtime sets, and where the SDK finds the services. The stand-in of S3 has no names of hosts for buckets. */
function variables(lambda: LambdaFunction, { principal }: Machine): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    TZ: ':UTC',
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: principal,
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_LAMBDA_FUNCTION_NAME: lambda.ref,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(lambda.memoryMb),
    LAMBDA_TASK_ROOT: lambda.code,
    _HANDLER: lambda.handler,
    AWS_ENDPOINT_URL: MOTO,
    AWS_ENDPOINT_URL_DYNAMODB: DYNAMODB,
    AWS_ENDPOINT_URL_ATHENA: ATHENA,
    TIDEMARK_S3_PATH_STYLE: 'true',
  };
}

interface Reply extends Partial<Thrown> {
  readonly answer?: unknown;
  readonly error?: string;
  readonly memory: number;
}

function invoke(
  { child, kill }: { child: ChildProcess; kill: () => void },
  { name, timeoutMs }: LambdaFunction,
  { event, aheadMs, killAfterMs }: Invocation,
): Promise<Invoked> {
  return new Promise(settle => {
    const timers = [setTimeout(kill, timeoutMs)];
    if (killAfterMs !== undefined) timers.push(setTimeout(kill, killAfterMs));
    const end = (invoked: Invoked) => {
      timers.forEach(clearTimeout);
      child.off('message', answered).off('exit', ended);
      settle(invoked);
    };
    const answered = ({ answer, error, memory: memoryMb, ...thrown }: Reply) =>
      end(error === undefined ? { ok: true, answer, memoryMb } : { ok: false, error, memoryMb, ...thrown });
    const ended = (code: number | null, signal: string | null) =>
      end({ ok: false, error: `${name} ended with ${signal ?? code}` });
    child.on('message', answered).on('exit', ended);
    child.send({ event, millis: timeoutMs, ahead: aheadMs });
  });
}
