import type { Made } from './intrinsics';

/** A resource that was deployed, with its properties as its service got them. */
export interface Resource extends Made {
  readonly stack: string;
  readonly id: string;
  /** Where its construct stands: `/shop-pipeline/Pipeline/merge/Function/Resource`. */
  readonly path: string;
  readonly type: string;
  readonly properties: Properties;
}

export type Properties = Readonly<Record<string, unknown>>;

/**
 * Makes a resource in the stand-ins.
 * @param name the one that CloudFormation would choose for it; unique
 */
export type Maker = (properties: Properties, name: string) => Promise<Made>;

/** The resources of a type, in the order of their making. */
export function ofType(resources: readonly Resource[], type: string): Resource[] {
  return resources.filter(resource => resource.type === type);
}
