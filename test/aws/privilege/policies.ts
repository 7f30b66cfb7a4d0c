import type { Deployed } from '../deployer/deploy';
import { ofType, type Resource } from '../deployer/resource';
import type { Statement } from './evaluate';

/** A role, and every statement that its calls are judged by. */
export interface Principal {
  readonly arn: string;
  /** What its own policies say. */
  readonly own: readonly Statement[];
  /** What the policies of buckets and queues say of whoever it is. */
  readonly ofResources: readonly Statement[];
}

interface Document {
  readonly Statement: readonly (Statement & { readonly Principal?: unknown })[];
}

/** The principal that a function of a deployed lake acts as, as the templates state it. */
export function principalOf(deployed: Deployed, name: string): Principal {
  const lambda = ofType(deployed.resources, 'AWS::Lambda::Function').find(({ path }) =>
    path.includes(`/${name}/`),
  );
  if (!lambda) throw new Error(`no function ${name}`);
  return principalIn(deployed, lambda.properties.Role as string);
}

/** A role of a deployed lake by its ARN. */
export function principalIn({ resources }: Deployed, arn: string): Principal {
  const role = ofType(resources, 'AWS::IAM::Role').find(({ attributes }) => attributes.Arn === arn)!;
  return {
    arn,
    own: [...inline(role), ...attached(resources, role)],
    ofResources: resourcePolicies(resources).filter(({ Principal: who }) => isMeant(who, arn)),
  };
}

function inline({ properties }: Resource): Statement[] {
  // A managed policy of AWS's would be more than any statement here says.
  if ((properties.ManagedPolicyArns as unknown[] | undefined)?.length) throw new Error('a managed policy');
  const policies = (properties.Policies ?? []) as { PolicyDocument: Document }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

function attached(resources: readonly Resource[], role: Resource): Statement[] {
  return ofType(resources, 'AWS::IAM::Policy')
    .filter(({ properties }) => (properties.Roles as string[]).includes(role.ref))
    .flatMap(({ properties }) => (properties.PolicyDocument as Document).Statement);
}

function resourcePolicies(resources: readonly Resource[]): Document['Statement'] {
  return ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy']
    .flatMap(type => ofType(resources, type))
    .flatMap(({ properties }) => (properties.PolicyDocument as Document).Statement);
}

function isMeant(who: unknown, arn: string): boolean {
  if (who === '*') return true;
  const named = [(who as { AWS?: string | string[] }).AWS ?? []].flat();
  return named.some(one => one === '*' || one === arn || one.endsWith(':root'));
}

/** The same lake, whose roles may not do one thing that their policies name. */
export function without(deployed: Deployed, action: string): Deployed {
  const resources = deployed.resources.map(resource => {
    if (resource.type !== 'AWS::IAM::Policy') return resource;
    const { Statement } = resource.properties.PolicyDocument as Document;
    const left = Statement.filter(({ Action = [] }) => ![Action].flat().includes(action));
    return { ...resource, properties: { ...resource.properties, PolicyDocument: { Statement: left } } };
  });
  return { ...deployed, resources };
}
