/** A resource that exists: what `Ref` gives of it, and what `Fn::GetAtt` does. */
export interface Made {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a template's functions are resolved from. */
export interface Scope {
  /** Resources of the stack that exist by now, by logical id. */
  readonly made: ReadonlyMap<string, Made>;
  /** What stacks before it export, by name. */
  readonly exports: ReadonlyMap<string, string>;
  readonly pseudo: Readonly<Record<string, string>>;
}

/** The account and region of the stand-ins. */
export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';
export const PSEUDO = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** Properties with every intrinsic function in its place resolved, as CloudFormation hands them to a service. */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map(one => resolve(one, scope));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (entries.length === 1 && name !== undefined && isIntrinsic(name)) {
    const intrinsic = INTRINSICS[name];
    if (!intrinsic) throw new Error(`the deployer knows no ${name}`);
    return intrinsic(argument, scope);
  }
  return Object.fromEntries(entries.map(([key, one]) => [key, resolve(one, scope)]));
}

/** The logical ids that a value speaks of: what has to exist before it can be resolved. */
export function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, argument]) => {
    if (name === 'Ref') return [argument as string];
    if (name === 'Fn::GetAtt') return [attributeOf(argument).id];
    if (name === 'Fn::Sub')
      return [...substituted(argument).text.matchAll(PLACE)].map(m => m[1]!.split('.')[0]!);
    return references(argument);
  });
}

const isIntrinsic = (name: string) => name === 'Ref' || name.startsWith('Fn::');
const PLACE = /\$\{([^!}][^}]*)\}/g;

const INTRINSICS: Readonly<Record<string, (argument: unknown, scope: Scope) => unknown>> = {
  Ref: (id, scope) => ref(id as string, scope),
  'Fn::GetAtt': (argument, scope) => {
    const { id, attribute } = attributeOf(argument);
    return attributeNamed(id, attribute, scope);
  },
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = argument as [string, unknown];
    return (resolve(parts, scope) as string[]).join(separator);
  },
  'Fn::Sub': (argument, scope) => {
    const { text, values } = substituted(argument);
    return text.replace(PLACE, (_, name: string) => {
      if (name in values) return String(resolve(values[name], scope));
      const [id, ...attribute] = name.split('.');
      return attribute.length > 0 ? attributeNamed(id!, attribute.join('.'), scope) : ref(name, scope);
    });
  },
  'Fn::ImportValue': (argument, scope) => {
    const name = resolve(argument, scope) as string;
    const value = scope.exports.get(name);
    if (value === undefined) throw new Error(`no stack before exports ${name}`);
    return value;
  },
  'Fn::Select': (argument, scope) => {
    const [index, list] = argument as [number | string, unknown];
    return (resolve(list, scope) as unknown[])[Number(index)];
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = argument as [string, unknown];
    return (resolve(text, scope) as string).split(separator);
  },
};

function ref(id: string, { made, pseudo }: Scope): string {
  const value = pseudo[id] ?? made.get(id)?.ref;
  if (value === undefined) throw new Error(`Ref of ${id}, which does not exist`);
  return value;
}

function attributeNamed(id: string, attribute: string, { made }: Scope): string {
  const value = made.get(id)?.attributes[attribute];
  if (value === undefined) throw new Error(`the deployer knows no ${attribute} of ${id}`);
  return value;
}

function attributeOf(argument: unknown): { id: string; attribute: string } {
  const [id, attribute] = typeof argument === 'string' ? argument.split('.') : (argument as [string, string]);
  return { id: id!, attribute: attribute! };
}

function substituted(argument: unknown): { text: string; values: Record<string, unknown> } {
  if (typeof argument === 'string') return { text: argument, values: {} };
  const [text, values] = argument as [string, Record<string, unknown>];
  return { text, values };
}
