import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A resource as a template states it. */
export interface Declared {
  readonly Type: string;
  readonly Properties?: unknown;
  readonly DependsOn?: string | readonly string[];
}

/** One stack of a cloud assembly. */
export interface Stack {
  readonly name: string;
  readonly resources: Readonly<Record<string, Declared>>;
  readonly outputs: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;
  /** Where the construct of a resource stands in the app, by its logical id: `/shop-pipeline/Pipeline/merge/Function/Resource`. */
  readonly paths: ReadonlyMap<string, string>;
  /** Folders of code and layers, by the key under which a template names them. */
  readonly assets: ReadonlyMap<string, string>;
}

interface Manifest {
  readonly artifacts: Readonly<
    Record<
      string,
      {
        readonly type: string;
        readonly properties: { readonly templateFile?: string; readonly file?: string };
        readonly dependencies?: readonly string[];
        readonly additionalMetadataFile?: string;
      }
    >
  >;
}

/** What `cdk synth` wrote into a folder: its stacks, each after those that it takes something from. */
export function readAssembly(folder: string): Stack[] {
  const read = <T>(file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as T;
  const { artifacts } = read<Manifest>('manifest.json');
  const stacks: Stack[] = [];
  const visit = (name: string) => {
    const artifact = artifacts[name]!;
    if (artifact.type !== 'aws:cloudformation:stack' || stacks.some(stack => stack.name === name)) return;
    for (const before of artifact.dependencies ?? []) visit(before);
    const template = read<Record<string, Stack['resources'] & Stack['outputs']>>(
      artifact.properties.templateFile!,
    );
    stacks.push({
      name,
      resources: template.Resources ?? {},
      outputs: template.Outputs ?? {},
      paths: pathsOf(read<Metadata>(artifact.additionalMetadataFile!)),
      assets: assetsOf(folder, read<Assets>(artifacts[`${name}.assets`]!.properties.file!)),
    });
  };
  for (const name of Object.keys(artifacts)) visit(name);
  return stacks;
}

type Metadata = Readonly<Record<string, readonly { readonly type: string; readonly data?: unknown }[]>>;

function pathsOf(metadata: Metadata): Map<string, string> {
  const ids = Object.entries(metadata).flatMap(([path, entries]) =>
    entries.flatMap(({ type, data }): [string, string][] =>
      type === 'aws:cdk:logicalId' ? [[data as string, path]] : [],
    ),
  );
  return new Map(ids);
}

interface Assets {
  readonly files?: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path?: string };
        readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
      }
    >
  >;
}

function assetsOf(folder: string, { files = {} }: Assets): Map<string, string> {
  return new Map(
    Object.values(files).flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ objectKey }): [string, string] => [
        objectKey,
        join(folder, source.path ?? ''),
      ]),
    ),
  );
}
