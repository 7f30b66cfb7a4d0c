import type { DeployedLake } from '../deployed-lake';
import { requestsOf } from '../stand-ins/controls';
import { askedBy, withCaller } from './calls';
import { type Asked, evaluate, type Statement, speaksOf } from './evaluate';
import { askedFor, athenaNeeds, lambdaNeeds } from './in-its-name';
import { machineNeeds } from './machine';
import { type Principal, principalIn, principalOf } from './policies';

/** What a run showed of a function's rights. */
export interface Judged {
  /** What it did, or a service for it, and IAM would have refused: verdict, action, resource. */
  readonly refused: readonly string[];
  /** What it is allowed and nothing of the run asked for: action and resource. */
  readonly unused: readonly string[];
}

/**
 * Holds what a function of a deployed lake called in this run, and what Lambda and Athena do for it, against the
 * statements of the synthesised templates.
 * @throws for a call whose needs nobody has looked up, and for a function that called nothing
 */
export async function judge(lake: DeployedLake, name: string): Promise<Judged> {
  const requests = await requestsOf(lake.driver.fleet.principal(name));
  if (requests.length === 0) throw new Error(`no call of ${name} was recorded`);
  const inItsName = athenaNeeds(lake, name);
  const starts = requests.some(({ operation }) => operation === 'StartQueryExecution');
  if (starts && inItsName.length === 0) throw new Error(`nobody has said what Athena does for ${name}`);
  const needs = [...lambdaNeeds(lake, name), ...inItsName];
  const principal = principalOf(lake.deployed, name);
  const all = [...requests.flatMap(askedBy), ...needs.flatMap(askedFor)];
  return judged(principal, all);
}

/** The same for the role of the lake's state machine, and what it did in this run. */
export function judgeMachine(lake: DeployedLake): Judged {
  const { role, needs } = machineNeeds(lake);
  return judged(principalIn(lake.deployed, role), needs.flatMap(askedFor));
}

function judged(principal: Principal, all: readonly Asked[]): Judged {
  const asked = distinct(all).map(one => withCaller(one, principal.arn));
  return { refused: refusedOf(principal, asked), unused: unusedOf(principal, asked) };
}

function distinct(asked: readonly Asked[]): Asked[] {
  return [...new Map(asked.map(one => [JSON.stringify(one), one])).values()];
}

function refusedOf({ own, ofResources }: Principal, asked: readonly Asked[]): string[] {
  const statements = [...own, ...ofResources];
  return asked.flatMap(one => {
    const verdict = evaluate(statements, one);
    return verdict === 'allowed' ? [] : [`${verdict}: ${one.action} ${one.resource}`];
  });
}

function unusedOf({ own }: Principal, asked: readonly Asked[]): string[] {
  const allowed = own.filter(({ Effect }) => Effect === 'Allow').flatMap(single);
  const unused = allowed.filter(statement => !asked.some(one => speaksOf(statement, one)));
  return [...new Set(unused.map(({ Action, Resource }) => `${Action} ${Resource}`))];
}

/** One statement for each action on each resource. */
function single(statement: Statement): Statement[] {
  return [statement.Action ?? []]
    .flat()
    .flatMap(Action =>
      [statement.Resource ?? []].flat().map(Resource => ({ ...statement, Action, Resource })),
    );
}
