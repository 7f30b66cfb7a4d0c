import { setTimeout as pause } from 'node:timers/promises';
import type { Deployed } from '../deployer/deploy';
import { ofType } from '../deployer/resource';
import { CALM, type Chances } from './chances';
import { type Fleet, openFleet } from './fleet';
import { functionsOf } from './functions';
import { landing, type Upload } from './landing';
import { watchQueries } from './queries';
import { messagesIn, queueSources } from './queues';
import { type Rules, rules } from './rules';
import { type Executions, executionsOf } from './states/executions';
import { type Server, serve } from './states/server';
import { streamSources } from './streams';

/** AWS around the functions of a deployed lake: it delivers what their templates say is delivered. */
export interface Driver {
  readonly upload: Upload;
  readonly tick: Rules['tick'];
  readonly fleet: Fleet;
  readonly executions: Executions;
  /** Where clients of Step Functions find it. */
  stepFunctions(): Promise<string>;
  /** Delivers until no message waits, no record is unread, and neither a statement nor a machine runs. */
  settle(): Promise<void>;
  /** Messages that were given up, of all queues. */
  deadLetters(): Promise<number>;
  stop(): void;
}

export interface DriverOptions {
  /** The lake's name as its outputs write it. */
  readonly lake: string;
  readonly workgroup: string;
  /** The Node.js of the functions' runtime. */
  readonly node: string;
  /** The folder of the functions' logs. */
  readonly logs: string;
  readonly chances?: Chances;
  /** How far the lake's clock is before this machine's at first. */
  readonly aheadMs?: number;
}

const LOOK_MS = 50;

export function drive(deployed: Deployed, { chances = CALM, ...options }: DriverOptions): Driver {
  const { resources } = deployed;
  const fleet = openFleet(functionsOf(deployed), { ...options, chances });
  const eventBridge = rules(deployed, fleet);
  const sources = [...queueSources(deployed, fleet, chances), ...streamSources(deployed, fleet, chances)];
  const queries = watchQueries(options.workgroup, eventBridge);
  const executions = executionsOf(deployed, fleet, chances);
  const running = () => executions.all.filter(({ status }) => status === 'RUNNING').length;
  let server: Promise<Server> | undefined;
  const read = new Set(
    ofType(resources, 'AWS::Lambda::EventSourceMapping').map(({ properties }) => properties.EventSourceArn),
  );
  const queues = ofType(resources, 'AWS::SQS::Queue');
  const count = async (isRead: boolean) => {
    const asked = queues.filter(({ attributes }) => read.has(attributes.Arn) === isRead);
    return (await Promise.all(asked.map(({ ref }) => messagesIn(ref)))).reduce((a, b) => a + b, 0);
  };
  return {
    upload: landing(deployed, options.lake, chances),
    tick: eventBridge.tick,
    fleet,
    executions,
    async stepFunctions() {
      server ??= serve(executions);
      return (await server).endpoint;
    },
    async settle() {
      for (;;) {
        // Asked first: the event of a statement that has ended by then is in the list that is read next.
        const busy = (await queries.running()) + running();
        const worked = await Promise.all([queries, ...sources].map(source => source.drain()));
        if (!worked.includes(true) && busy === 0 && (await count(true)) === 0) return;
        await pause(LOOK_MS);
      }
    },
    deadLetters: () => count(false),
    stop() {
      fleet.stop();
      void server?.then(({ close }) => close());
    },
  };
}
