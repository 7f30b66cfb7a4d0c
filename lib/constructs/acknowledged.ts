import { Reference, Stack, Tokenization, Validations } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** A wildcard that is meant: only for these actions, and only in a resource of this form. */
interface Meant {
  readonly actions: RegExp;
  readonly resource: RegExp;
  readonly reason: string;
}

const MEANT: readonly Meant[] = [
  {
    actions:
      /^s3:(?:Get|Put|Delete)Object(?:Tagging)?$|^s3:AbortMultipartUpload$|^s3:ListMultipartUploadParts$/,
    resource: /^[^*]+\/(?:\*\/)?(?:[a-z-]+\/)*\*$/,
    reason: 'Objects of one named bucket below one prefix; S3 names many objects in no other way.',
  },
  {
    actions: /^glue:(?:Batch)?(?:Get|Create|Update|Delete)(?:Table|Partition|Database)s?$/,
    resource: /^[^*]+:table\/[a-z0-9_]+\/\*$/,
    reason: "Tables of the lake's own database, which come and go with its config.",
  },
  {
    actions: /^states:(?:Describe|Stop)Execution$/,
    resource: /^[^*]+:execution:[^*]+\/\*$/,
    reason: "A machine's own child executions, which have a name each only when they run.",
  },
  {
    actions:
      /^logs:(?:(?:Create|Get|Update|Delete|List)LogDeliver(?:y|ies)|(?:Put|Describe)ResourcePolic(?:y|ies)|DescribeLogGroups)$/,
    resource: /^\*$/,
    reason: 'Deliveries of a log, by which Step Functions writes one, know no resource to name.',
  },
  {
    actions:
      /^dms:DescribeReplications$|^lakeformation:GetDataAccess$|^athena:List(?:WorkGroups|EngineVersions|DataCatalogs)$/,
    resource: /^\*$/,
    reason: 'The action knows no resource to name.',
  },
];

/**
 * Acknowledges to cdk-nag each wildcard of a policy that is of a form meant above, one by one. A wildcard in an
 * action, or in any other resource, is a finding.
 */
export function acknowledgeWildcards(policy: Construct, statements: readonly PolicyStatement[]): void {
  for (const { actions, resources } of statements) {
    for (const resource of resources.map(name => flattened(policy, name))) {
      const meant = MEANT.find(
        form => form.resource.test(resource) && actions.every(a => form.actions.test(a)),
      );
      if (meant && resource.includes('*')) acknowledge(policy, `IAM5[Resource::${resource}]`, meant.reason);
    }
  }
}

/** Acknowledges one finding of the AwsSolutions pack. */
export function acknowledge(construct: Construct, finding: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-${finding}`, reason });
}

/** A resource as cdk-nag writes it. What another stack exports is written by the name of its export. */
function flattened(consumer: Construct, resource: string): string {
  const stack = Stack.of(consumer);
  return Tokenization.reverseString(resource)
    .mapTokens({
      mapToken: token => {
        const value: unknown = stack.resolve(token);
        const producer = Reference.isReference(token) && !isPseudo(value) ? Stack.of(token.target) : stack;
        return producer === stack ? value : stack.resolve(producer.exportValue(token));
      },
    })
    .join({ join: (left: unknown, right: unknown) => written(left) + written(right) });
}

function written(part: unknown): string {
  if (part === undefined) return '';
  if (typeof part === 'string') return part;
  const { Ref, 'Fn::GetAtt': att, 'Fn::ImportValue': imported } = part as Record<string, unknown>;
  if (Array.isArray(att)) return `<${att.join('.')}>`;
  return Ref === undefined ? String(imported ?? part) : `<${String(Ref)}>`;
}

/** `{ Ref: 'AWS::Region' }`, the same in every stack. */
const isPseudo = (value: unknown) => written(value).startsWith('<AWS::');
