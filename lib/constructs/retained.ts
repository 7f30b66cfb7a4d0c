import { type CfnResource, RemovalPolicy } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { pascal } from '../config/deployed';

/**
 * Data stays when its stack goes. Its logical id is pinned to the lake's name, so that a construct may be moved, and
 * a kept resource taken in again, without CloudFormation making a new and empty one.
 */
export function keep(resource: Construct, lake: string, name: string): void {
  const child = (resource.node.defaultChild ?? resource) as CfnResource;
  child.applyRemovalPolicy(RemovalPolicy.RETAIN);
  child.overrideLogicalId(pascal(lake) + name);
}
