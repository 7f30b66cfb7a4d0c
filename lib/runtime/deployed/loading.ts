import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { clientSettings } from '../../adapters/aws/clients';
import { type Execution, type StateMachine, stateMachine } from '../../adapters/aws/state-machine';
import type { ResolvedTable } from '../../config/resolved';
import type { TidemarkError } from '../../errors';
import { differenceOf, type LoadTraits } from '../../stages/load/difference';
import { notedFailure } from '../../stages/load/failure';
import { recipeUnderWay } from '../../stages/load/recipe-object';
import { endReloadOfPast } from '../../stages/load/rewritten';
import type { CommittedLoad, PlanAsked } from '../../stages/load/steps';
import type { AwsLake } from '../aws';
import type { Environment } from '../aws-config';
import type { Lake } from '../lake';
import {
  type Chosen,
  choose,
  type Loaded,
  type Loads,
  type LoadsBase,
  loadedAlready,
  loadsOf,
  planOf,
  type RunOptions,
} from '../load';
import { executionEnded, loadsNotDeployed, loadUnwatched, otherLoad } from '../load-errors';
import { s3Copies } from '../s3-copies';
import type { Outputs } from './find';
import { loadNews } from './load-news';
import { toldError } from './told-error';

/** How often the execution and the tracker are looked at: tasks take minutes. */
const LOOK_MS = 2000;

/** Loads that the lake's functions do, from step to step of a state machine; the rest is done from here. */
export function loading(
  lake: AwsLake,
  { outputs, environment, merge }: { outputs: Outputs; environment: Environment; merge: Lake['merge'] },
): Pick<Lake, 'loads'> {
  const { config, ports } = lake;
  return {
    async loads() {
      const { loads } = config.deploy;
      if (!loads) throw loadsNotDeployed(config.name);
      const machine = stateMachine(new SFNClient(clientSettings()), outputs('LoadMachine'));
      const forcePathStyle = environment.TIDEMARK_S3_PATH_STYLE === 'true';
      const s3 = new S3Client({ ...clientSettings(), forcePathStyle });
      const room = s3Copies(s3, loads.from, { ...lake, lake: outputs('LakeBucket') });
      return loadsThere({ ports, config, room }, { machine, merge });
    },
  };
}

/** What does loads and merges them. */
export interface There {
  readonly machine: StateMachine;
  readonly merge: Lake['merge'];
  /** Default: LOOK_MS. */
  readonly lookMs?: number;
}

export function loadsThere(base: LoadsBase, there: There): Loads {
  const { abandon, ...others } = loadsOf(base);
  const { machine } = there;
  return {
    ...others,
    run: (table, options) => runThere(base, there, table, options),
    async abandon(table) {
      const load = await abandon(table);
      for (const arn of await machine.running(prefixOf(table.name))) await machine.stop(arn);
      return load;
    },
  };
}

/** No table's name has a `-`. */
const prefixOf = (table: string) => `${table}-`;

async function runThere(
  base: LoadsBase,
  { machine, merge, lookMs = LOOK_MS }: There,
  table: ResolvedTable,
  options: RunOptions,
): Promise<Loaded | undefined> {
  const { wait = true, again = false } = options;
  const chosen = await choose(base, table, options);
  const done = again ? undefined : await loadedAlready(base, chosen, options);
  if (done) {
    const { id, n } = done;
    await endReloadOfPast(base.ports, table, done);
    return { id, n, merged: await merge(table, { after: n, wait }) };
  }
  const plan = await planOf(base, chosen);
  const arn = await begin(base, machine, chosen, options);
  if (!wait) return undefined;
  const news = loadNews(base.ports, table.name, { plan, ...options });
  let execution: Execution;
  for (;;) {
    execution = await machine.look(arn);
    await news();
    if (execution.state !== 'running') break;
    await sleep(lookMs, undefined, { signal: options.stop }).catch(() => {});
    if (options.stop?.aborted) throw loadUnwatched(table.name);
  }
  if (execution.state === 'failed') throw await failureOf(base, table, execution);
  const { id, n, rows } = execution.output as CommittedLoad;
  return { id, n, rows, merged: await merge(table, { after: n }) };
}

/**
 * Starts an execution, or joins the one that is under way: two would only share their tasks.
 * @throws TM_7014 where that one is asked for something else
 */
async function begin(
  { ports }: LoadsBase,
  machine: StateMachine,
  { table, place, load }: Chosen,
  { replace, newSource, date, position, again }: RunOptions,
): Promise<string> {
  const asked: PlanAsked = {
    table: table.name,
    copy: place,
    replace: replace ?? load?.replaces ?? false,
    ...(date === undefined ? {} : { date }),
    ...(position ? { position: { major: String(position.major), minor: String(position.minor) } } : {}),
    ...(newSource ? { newSource } : {}),
    ...(again ? { again } : {}),
    // Its name is settled here: whatever calls that step late, or twice, begins no other one.
    load: load?.id ?? ports.ids.fresh(),
  };
  const [running] = await machine.running(prefixOf(table.name));
  if (running === undefined) return machine.start(prefixOf(table.name) + ports.ids.fresh(), asked);
  const other = differenceOf(
    traitsAsked((await machine.look(running)).input as PlanAsked),
    traitsAsked(asked),
  );
  if (other !== undefined) throw otherLoad(table.name, other);
  return running;
}

function traitsAsked({ copy, replace, newSource, date, position }: PlanAsked): LoadTraits {
  const at = position && { major: BigInt(position.major), minor: BigInt(position.minor) };
  return { copy, replaces: replace, newSource, dateReceived: date, at };
}

/** What ended the execution: as the lake has its words, or else what Step Functions was told of its last step. */
async function failureOf(
  base: LoadsBase,
  table: ResolvedTable,
  { arn, error = '', cause = '' }: Execution,
): Promise<TidemarkError> {
  const told = toldError(messageOf(cause));
  const whole = told && (await wholeError(base, table, told.code));
  if (whole ?? told) return (whole ?? told)!;
  const how = [error, messageOf(cause)].filter(text => text !== '').join(': ');
  return executionEnded(table.name, how, arn);
}

/** The error of this code with all its words. Undefined: the load has none, or is gone. */
async function wholeError(
  { ports }: LoadsBase,
  table: ResolvedTable,
  code: TidemarkError['code'],
): Promise<TidemarkError | undefined> {
  const recipe = await recipeUnderWay(ports, table).catch(() => undefined);
  const text = recipe && (await notedFailure(ports.store, recipe));
  const error = text === undefined ? undefined : toldError(text);
  return error?.code === code ? error : undefined;
}

/** Of a function's failure Step Functions says what Lambda says: JSON. */
function messageOf(cause: string): string {
  try {
    const { errorMessage } = JSON.parse(cause) as { errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : cause;
  } catch {
    return cause;
  }
}
