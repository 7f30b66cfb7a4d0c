import type { LayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { intakeKey, pascal } from '../../config/deployed';
import type { ResolvedLake } from '../../config/resolved';
import { httpSources, streamNameOf } from '../../config/stream-sources';
import { bundleOf } from '../bundles';
import { Intake } from '../intake/intake';
import { governTables } from '../lake-formation';
import { lakeOutputs } from '../outputs';
import type { Storage } from '../storage/storage';
import { WorkQueue } from '../work-queue';
import { Alarms } from './alarms';
import { CONFIG_FILE, configLayer } from './config-layer';
import { dashboard } from './dashboard';
import { environmentOf } from './environment';
import { readQueues, readStreams } from './event-sources';
import { RIGHTS } from './functions';
import { LakeFunction, type LakeFunctionProps } from './lake-function';
import { loadFunction } from './load-function';
import { Loads } from './loads';
import type { Grounds } from './rights';
import { schedules } from './schedules';
import { type FunctionName, TIMEOUT_SECONDS } from './timeouts';

export interface PipelineProps {
  readonly lake: ResolvedLake;
  readonly storage: Storage;
  /** A folder with a folder of code for each function; default: the package's own. */
  readonly bundles?: string;
}

/** What turns files and records into tables and reports: queues, functions, and what watches over them. */
export class Pipeline extends Construct {
  readonly queues: Grounds['queues'];
  /** Without `ingest-stream` where the config names no stream, without `load` where it has no loads in the account. */
  readonly functions: ReadonlyMap<FunctionName, LakeFunction>;
  readonly alarms: Alarms;
  /** Of each http source, by its name. */
  readonly intakes: ReadonlyMap<string, Intake>;
  /** Where the config has `deploy.loads`. */
  readonly loads: StateMachine | undefined;

  constructor(scope: Construct, id: string, props: PipelineProps) {
    super(scope, id);
    const { lake, storage } = props;
    const { windowSeconds, loads } = lake.deploy;
    this.queues = {
      ingest: storage.ingestQueue,
      merge: new WorkQueue(this, 'MergeQueue', {
        fifo: true,
        timeoutSeconds: TIMEOUT_SECONDS.merge,
        // A wake-up is read when its window is over, after all that it stands for.
        delaySeconds: windowSeconds,
      }),
      report: new WorkQueue(this, 'ReportQueue', { fifo: true, timeoutSeconds: TIMEOUT_SECONDS.report }),
    };
    const grounds = { storage, queues: this.queues, ...(loads ? { loads } : {}) };
    const layers = [configLayer(this, lake)];
    this.functions = this.makeFunctions(props, grounds, layers);
    this.intakes = this.makeIntakes(props, layers);
    const lambdas = new Map([...this.functions].map(([name, { lambda }]) => [name, lambda]));
    readQueues(this.queues, lambdas);
    const failedRecords = readStreams(lake, storage, lambdas);
    schedules(this, lambdas, storage.workgroups.system);
    if (storage.permissions === 'lake-formation') governTables(this, storage, this.functions);
    const load = lambdas.get('load');
    this.loads = load && loads && new Loads(this, 'Loads', { lambda: load, workers: loads.workers }).machine;
    const machine = this.loads ? { loads: this.loads } : {};
    const watched = {
      lake,
      storage,
      queues: this.queues,
      lambdas,
      failedRecords,
      intakes: this.intakes,
      ...machine,
    };
    this.alarms = new Alarms(this, 'Alarms', watched);
    dashboard(this, watched);
    this.outputs(lake.name);
  }

  private makeFunctions(
    { lake, storage, bundles }: PipelineProps,
    grounds: Grounds,
    layers: LayerVersion[],
  ): Map<FunctionName, LakeFunction> {
    const environment = environmentOf(grounds, lake.deploy.windowSeconds);
    const own: { readonly [name in FunctionName]?: Partial<LakeFunctionProps> } = {
      vacuum: { role: storage.removal },
      ...(lake.deploy.loads ? { load: loadFunction(this, lake.deploy.loads, { layers, environment }) } : {}),
    };
    const names = (Object.keys(RIGHTS) as FunctionName[]).filter(
      name =>
        (name !== 'ingest-stream' || Object.keys(storage.streams).length > 0) &&
        (name !== 'load' || lake.deploy.loads),
    );
    return new Map(
      names.map(name => {
        const code = bundleOf(name, bundles);
        const statements = RIGHTS[name].flatMap(right => right(grounds));
        const timeoutSeconds = TIMEOUT_SECONDS[name];
        const props = { code, timeoutSeconds, environment, statements, layers };
        return [name, new LakeFunction(this, name, { ...props, ...own[name] })];
      }),
    );
  }

  private makeIntakes(
    { lake, storage, bundles }: PipelineProps,
    layers: LayerVersion[],
  ): Map<string, Intake> {
    // Names of sources are the user's: in a scope of their own none meets one of ours.
    const scope = new Construct(this, 'Intakes');
    return new Map(
      httpSources(lake).map(([name, source]) => {
        const of = streamNameOf(name, source);
        const kept = { stream: storage.streams[of]!, streamKey: storage.streamKeys[of] };
        const props = { name, source, ...kept, layers, configFile: CONFIG_FILE, bundles };
        return [name, new Intake(scope, pascal(name), props)];
      }),
    );
  }

  private outputs(lake: string): void {
    for (const [name, { url }] of this.intakes) lakeOutputs(this, lake, { [intakeKey(name)]: url });
    lakeOutputs(this, lake, {
      MergeQueue: this.queues.merge.queue.queueUrl,
      MergeDeadLetters: this.queues.merge.deadLetters.queueUrl,
      ReportQueue: this.queues.report.queue.queueUrl,
      ReportDeadLetters: this.queues.report.deadLetters.queueUrl,
      AlarmTopic: this.alarms.topic.topicArn,
      LoadMachine: this.loads?.stateMachineArn,
    });
  }
}
