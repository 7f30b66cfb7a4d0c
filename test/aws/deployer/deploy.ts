import { type Declared, readAssembly, type Stack } from './assembly';
import { type Made, PSEUDO, references, resolve, type Scope } from './intrinsics';
import type { Maker, Properties, Resource } from './resource';
import { bucket } from './resources/buckets';
import { database } from './resources/catalog';
import { DESCRIBED } from './resources/described';
import { globalTable } from './resources/ledger';
import { queue } from './resources/queues';
import { stream } from './resources/streams';
import { workgroup } from './resources/workgroups';

const MAKERS: Readonly<Record<string, Maker>> = {
  ...DESCRIBED,
  'AWS::S3::Bucket': bucket,
  'AWS::SQS::Queue': queue,
  'AWS::DynamoDB::GlobalTable': globalTable,
  'AWS::Glue::Database': database,
  'AWS::Athena::WorkGroup': workgroup,
  'AWS::Kinesis::Stream': stream,
};

/** What no data passes through: watching, and a source database's network and replication. */
const LEFT_OUT = /^AWS::(?:CloudWatch|EC2|DMS)::|^Custom::TidemarkReplication$/;

/** A lake as it was deployed. */
export interface Deployed {
  readonly resources: readonly Resource[];
  /** Outputs of all stacks by name: what the command line finds a lake by. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Folders of code and layers by the key that templates name them by. */
  readonly assets: ReadonlyMap<string, string>;
}

/**
 * Makes in the stand-ins what the templates of a synthesised app state, as CloudFormation would: each stack after those
 * it imports from, each resource after those it speaks of.
 * @param folder what `cdk synth` wrote
 * @throws for a type of resource that it has never heard of: somebody has to decide whether data passes through it
 */
export async function deploy(folder: string): Promise<Deployed> {
  const exports = new Map<string, string>();
  const resources: Resource[] = [];
  const outputs: Record<string, string> = {};
  const assets = new Map<string, string>();
  for (const stack of readAssembly(folder)) {
    for (const [key, asset] of stack.assets) assets.set(key, asset);
    const made = new Map<string, Made>();
    const scope: Scope = { made, exports, pseudo: { ...PSEUDO, 'AWS::StackName': stack.name } };
    for (const id of inOrder(stack.resources)) {
      const resource = await make(stack, id, scope);
      if (!resource) continue;
      made.set(id, resource);
      resources.push(resource);
    }
    for (const [name, { Value, Export }] of Object.entries(stack.outputs)) {
      const value = String(resolve(Value, scope));
      outputs[name] = value;
      if (Export) exports.set(String(resolve(Export.Name, scope)), value);
    }
  }
  return { resources, outputs, assets };
}

async function make(stack: Stack, id: string, scope: Scope): Promise<Resource | undefined> {
  const declared = stack.resources[id]!;
  const { Type: type } = declared;
  if (LEFT_OUT.test(type)) return undefined;
  const maker = MAKERS[type];
  if (!maker) throw new Error(`the deployer knows no ${type} (${stack.name}, ${id})`);
  const properties = resolve(declared.Properties ?? {}, scope) as Properties;
  const made = await maker(properties, `${stack.name}-${id}`);
  return { ...made, stack: stack.name, id, path: stack.paths.get(id) ?? id, type, properties };
}

/** Logical ids, each after all that it needs. */
function inOrder(resources: Readonly<Record<string, Declared>>): string[] {
  const order: string[] = [];
  const visit = (id: string, waiting: readonly string[]) => {
    if (order.includes(id)) return;
    if (waiting.includes(id)) throw new Error(`resources need each other: ${[...waiting, id].join(' > ')}`);
    for (const needed of needs(resources[id]!)) {
      if (needed in resources) visit(needed, [...waiting, id]);
    }
    order.push(id);
  };
  for (const id of Object.keys(resources)) visit(id, []);
  return order;
}

const needs = ({ Properties, DependsOn = [] }: Declared) => [
  ...references(Properties),
  ...[DependsOn].flat(),
];
