import { type CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { awsDenied, awsFailed } from './errors';
import { isDenied, nameOf } from './failures';
import { credentialsMissing, isSignedOut } from './stack-errors';

/**
 * Outputs of stacks by their names: those of the stacks named, where they are; else of every stack of the account and
 * region that has the output `marker`, as a lake may stand in a stack of its user's.
 * @throws TM_5209 without credentials or region, TM_5203 when they do not suffice
 */
export async function stackOutputs(
  client: Pick<CloudFormationClient, 'send'>,
  names: readonly string[],
  marker: string,
): Promise<ReadonlyMap<string, string>> {
  const own = (await Promise.all(names.map(name => stacksOf(client, name)))).flat();
  const stacks = own.some(stack => has(stack, marker))
    ? own
    : (await stacksOf(client)).filter(stack => has(stack, marker));
  return new Map(
    stacks.flatMap(({ Outputs = [] }) => Outputs.map(o => [o.OutputKey ?? '', o.OutputValue ?? ''] as const)),
  );
}

function has({ Outputs = [] }: Stack, output: string): boolean {
  return Outputs.some(o => o.OutputKey === output);
}

/** The stack of that name, or none; without a name all of them. */
async function stacksOf(client: Pick<CloudFormationClient, 'send'>, name?: string): Promise<Stack[]> {
  const stacks: Stack[] = [];
  try {
    for (let token: string | undefined; ; ) {
      const page = await client.send(new DescribeStacksCommand({ StackName: name, NextToken: token }));
      stacks.push(...(page.Stacks ?? []));
      token = page.NextToken;
      if (!token) return stacks;
    }
  } catch (error) {
    // CloudFormation has no code of its own for a stack that is not there.
    if (nameOf(error) === 'ValidationError' && /does not exist/.test(String(error))) return [];
    throw coded(error, name);
  }
}

function coded(error: unknown, name: string | undefined): Error {
  const where = name === undefined ? 'stacks' : `stack ${name}`;
  if (isSignedOut(error)) return credentialsMissing(error);
  return isDenied(error)
    ? awsDenied('DescribeStacks', where, error)
    : awsFailed('DescribeStacks', where, error);
}
