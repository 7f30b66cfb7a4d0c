import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Deployed } from '../deployer/deploy';
import { ofType, type Properties, type Resource } from '../deployer/resource';

/** A function as its template states it, with its code and layers unpacked on this machine. */
export interface LambdaFunction {
  /** That of its construct, which is its folder's in lambdas/ too. */
  readonly name: string;
  readonly arn: string;
  readonly ref: string;
  readonly code: string;
  readonly layers: readonly string[];
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly environment: Readonly<Record<string, string>>;
}

interface Stored {
  readonly S3Key: string;
}

/** @throws when a template names code that the app did not bring along */
export function functionsOf({ resources, assets }: Deployed): LambdaFunction[] {
  const layers = new Map(
    ofType(resources, 'AWS::Lambda::LayerVersion').map(({ ref, properties }) => [
      ref,
      assetOf(assets, properties.Content as Stored),
    ]),
  );
  return ofType(resources, 'AWS::Lambda::Function').map(resource => {
    const { properties } = resource;
    return {
      name: nameOf(resource),
      arn: resource.attributes.Arn!,
      ref: resource.ref,
      code: assetOf(assets, properties.Code as Stored),
      layers: ((properties.Layers ?? []) as string[]).map(ref => layers.get(ref)!),
      handler: properties.Handler as string,
      memoryMb: Number(properties.MemorySize ?? 128),
      timeoutMs: Number(properties.Timeout ?? 3) * 1000,
      environment: variablesOf(properties),
    };
  });
}

/** `/shop-pipeline/Pipeline/merge/Function/Resource` -> merge */
const nameOf = ({ path }: Resource) => path.split('/').at(-3)!;

function assetOf(assets: Deployed['assets'], { S3Key }: Stored): string {
  const folder = assets.get(S3Key);
  if (folder === undefined) throw new Error(`no asset ${S3Key}`);
  return folder;
}

function variablesOf({ Environment }: Properties): Record<string, string> {
  return (Environment as { Variables?: Record<string, string> } | undefined)?.Variables ?? {};
}

/**
 * A function's variables, with what names a file of a layer pointing at the layer's folder: /opt of this machine is
 * nobody's to write to. Packages of layers are found as the runtime finds them.
 */
export function withLayers({ environment, layers }: LambdaFunction): Record<string, string> {
  const here = (value: string) => {
    if (!value.startsWith('/opt/')) return value;
    const files = layers.map(layer => join(layer, value.slice('/opt/'.length)));
    return files.find(file => existsSync(file)) ?? value;
  };
  return {
    ...Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, here(value)])),
    NODE_PATH: layers.map(layer => join(layer, 'nodejs/node_modules')).join(delimiter),
  };
}
