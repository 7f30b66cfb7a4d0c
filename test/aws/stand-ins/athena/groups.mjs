// Work groups: AWS's configuration of each, and what a test sets for it. Tests that share the gate take a group each.
import { randomOf } from '../front/random.mjs';
import { invalid } from './errors.mjs';

/** Queries queued and running; AWS counts an account's, the gate a group's, so that tests do not meet. */
const QUERIES_MAX = 150;

/**
 * What a test may set for a group:
 * - seed               of all that chance decides here
 * - queuedMillis       before a statement starts to run
 * - runningMillis      between a statement's effect and its terminal state
 * - queriesMax         queued and running ones; one more is a TooManyRequestsException
 * - eventsDropped      part of the state-change events that never come, 0 to 1
 * - eventsTwice        part that comes twice
 * - subscriber         a URL to which events are posted; without it they wait in a list only
 * - faults             [{ match?: a regular expression on the SQL, kind, times?, afterMillis? }], the first that
 *                      matches; times: 1 unless told. Kinds:
 *     refuse   TooManyRequestsException, nothing is started
 *     lost     started, the answer to StartQueryExecution never comes
 *     fail     FAILED, retryable; nothing was done
 *     failed-but-landed  done, then FAILED
 *     lands-late         FAILED at once; done after `afterMillis`
 */
const SETTINGS = {
  seed: 1,
  queuedMillis: 0,
  runningMillis: 0,
  queriesMax: QUERIES_MAX,
  eventsDropped: 0,
  eventsTwice: 0,
  subscriber: undefined,
  faults: [],
};

export const FAULT_KINDS = ['refuse', 'lost', 'fail', 'failed-but-landed', 'lands-late'];

export class Groups {
  #groups = new Map();

  constructor() {
    this.create({ Name: 'primary' });
  }

  /** CreateWorkGroup. */
  create({ Name, Configuration = {}, Description }) {
    if (!/^[a-zA-Z0-9._-]{1,128}$/.test(Name ?? '')) throw invalid('WorkGroup name is invalid');
    if (this.#groups.has(Name)) throw invalid(`WorkGroup ${Name} is already created`);
    const EngineVersion = {
      SelectedEngineVersion: Configuration.EngineVersion?.SelectedEngineVersion ?? 'AUTO',
      EffectiveEngineVersion: 'Athena engine version 3',
    };
    this.#groups.set(Name, {
      Name,
      Description,
      State: 'ENABLED',
      CreationTime: Date.now() / 1000,
      // AWS enforces a new group's configuration unless told otherwise.
      Configuration: { EnforceWorkGroupConfiguration: Name !== 'primary', ...Configuration, EngineVersion },
      settings: { ...SETTINGS },
      random: randomOf(SETTINGS.seed),
      events: [],
    });
  }

  find(name) {
    return this.#groups.get(name);
  }

  /** @throws InvalidRequestException */
  get(name) {
    const group = this.#groups.get(name);
    if (group === undefined) throw invalid(`WorkGroup ${name} is not found.`);
    return group;
  }

  /** UpdateWorkGroup. */
  update({ WorkGroup, State, ConfigurationUpdates = {} }) {
    const group = this.get(WorkGroup);
    const {
      ResultConfigurationUpdates: results,
      RemoveBytesScannedCutoffPerQuery: removes,
      ...rest
    } = ConfigurationUpdates;
    Object.assign(group.Configuration, rest);
    if (results)
      group.Configuration.ResultConfiguration = { ...group.Configuration.ResultConfiguration, ...results };
    if (removes) delete group.Configuration.BytesScannedCutoffPerQuery;
    if (State) group.State = State;
  }

  delete(name) {
    this.get(name);
    this.#groups.delete(name);
  }

  names() {
    return [...this.#groups.keys()];
  }

  /** Sets what is named, the rest as it was before any test. */
  set(name, settings) {
    const unknown = Object.keys(settings).find(key => !(key in SETTINGS));
    if (unknown !== undefined) throw invalid(`no setting ${unknown}`);
    const kind = settings.faults?.find(fault => !FAULT_KINDS.includes(fault.kind))?.kind;
    if (kind !== undefined) throw invalid(`no fault ${kind}`);
    const group = this.get(name);
    group.settings = {
      ...SETTINGS,
      ...settings,
      faults: (settings.faults ?? []).map(fault => ({ times: 1, ...fault })),
    };
    group.random = randomOf(group.settings.seed);
  }
}

/** Takes the fault that is due for a statement, of the kinds that happen at this moment. */
export function dueFault(group, sql, kinds) {
  const fault = group.settings.faults.find(
    ({ kind, match = '', times }) => kinds.includes(kind) && times > 0 && new RegExp(match, 'i').test(sql),
  );
  if (fault !== undefined) fault.times--;
  return fault;
}
