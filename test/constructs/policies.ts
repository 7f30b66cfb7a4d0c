import type { Template } from 'aws-cdk-lib/assertions';

export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

type Resource = { Type: string; Properties: Record<string, unknown> };

const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

/** What a policy allows, by the logical id of its resource. */
export function allowed(template: Template): Map<string, Statement[]> {
  const policies = new Map<string, Statement[]>();
  const resources = (template.toJSON().Resources ?? {}) as Record<string, Resource>;
  for (const [id, { Type, Properties }] of Object.entries(resources)) {
    const inline = list((Properties?.Policies ?? []) as { PolicyDocument: unknown }[]);
    const documents = Type.startsWith('AWS::IAM::')
      ? [Properties.PolicyDocument, ...inline.map(p => p.PolicyDocument)]
      : [];
    const statements = documents.flatMap(
      document => (document as { Statement?: Statement[] })?.Statement ?? [],
    );
    if (statements.length > 0)
      policies.set(
        id,
        statements.filter(({ Effect }) => Effect === 'Allow'),
      );
  }
  return policies;
}

export const actionsOf = (statement: Statement) => list(statement.Action);

/** Resources as one text each: exported names and logical ids in place of what they will be. */
export function resourcesOf(statement: Statement): string[] {
  return list(statement.Resource).map(flat);
}

function flat(part: unknown): string {
  if (typeof part === 'string') return part;
  const { Ref, ...rest } = part as Record<string, unknown>;
  const join = rest['Fn::Join'] as [string, unknown[]] | undefined;
  const att = rest['Fn::GetAtt'] as string[] | undefined;
  if (join) return join[1].map(flat).join(join[0]);
  return att ? `<${att[0]}>` : `<${String(Ref ?? rest['Fn::ImportValue'])}>`;
}

/** The statements that a function's role has of its own, by the function's name. */
export function rightsOf(template: Template, name: string): Statement[] {
  const id = name.replaceAll('-', '');
  return [...allowed(template)].find(([policy]) => policy.startsWith(`Pipeline${id}Rights`))?.[1] ?? [];
}
