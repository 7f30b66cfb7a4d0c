import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACCOUNT } from '../deployer/intrinsics';
import { requestsOf } from '../stand-ins/controls';
import { askedBy } from './calls';
import { type Asked, evaluate, type Statement, speaksOf } from './evaluate';

const PAGE = join(__dirname, '../../../docs/deploy.md');

/** Names of what stands in the account, for those of the page. */
export type Names = Readonly<Record<string, string>>;

/** The policy of docs/deploy.md for who looks after a lake: its last one. */
export function caretaker(names: Names): Statement[] {
  const policies = [...readFileSync(PAGE, 'utf8').matchAll(/^```json\n([\s\S]*?)^```$/gm)];
  const text = Object.entries(names).reduce(
    (json, [name, here]) => json.replaceAll(name, here),
    policies.at(-1)![1]!.replaceAll('111122223333', ACCOUNT),
  );
  return (JSON.parse(text) as { Statement: Statement[] }).Statement;
}

/** What a person called and the policy refuses, and what it allows beyond that. */
export async function judgePerson(principal: string, policy: readonly Statement[]) {
  const asked = (await requestsOf(principal)).flatMap((request): Asked[] =>
    request.service === 'cloudformation'
      ? [{ action: `cloudformation:${request.operation}`, resource: '*', context: {} }]
      : askedBy(request),
  );
  const refused = asked.filter(one => evaluate(policy, one) !== 'allowed');
  const unused = policy
    .flatMap(one => [one.Action ?? []].flat().map(Action => ({ ...one, Action })))
    .filter(one => !asked.some(call => speaksOf(one, call)));
  return {
    refused: [...new Set(refused.map(({ action, resource }) => `${action} ${resource}`))],
    unused: unused.map(({ Action }) => Action),
  };
}
