import type { DeployedLake } from '../deployed-lake';
import { ofType } from '../deployer/resource';
import type { Need } from './in-its-name';

const GUIDE = 'https://docs.aws.amazon.com/step-functions/latest/dg';

/**
 * What Step Functions did for the lake's state machine in this run, and what it asks for to write its log.
 * @returns the ARN of the machine's role too
 */
export function machineNeeds({ deployed: { resources }, driver: { executions } }: DeployedLake): {
  readonly role: string;
  readonly needs: readonly Need[];
} {
  const [machine] = ofType(resources, 'AWS::StepFunctions::StateMachine');
  const items = executions.all.flatMap(({ item, arn }) => (item ? [arn] : []));
  if (!machine || items.length === 0) throw new Error('no machine ran anything');
  const needs = [
    {
      actions: ['lambda:InvokeFunction'],
      resources: [...executions.invoked],
      source: `${GUIDE}/connect-lambda.html`,
    },
    {
      actions: ['states:StartExecution'],
      resources: [machine.ref],
      source: `${GUIDE}/iam-policies-eg-dist-map.html`,
    },
    {
      actions: ['states:DescribeExecution', 'states:StopExecution'],
      resources: items,
      source: `${GUIDE}/iam-policies-eg-dist-map.html`,
    },
    {
      actions: [
        ...['CreateLogDelivery', 'GetLogDelivery', 'UpdateLogDelivery', 'DeleteLogDelivery'],
        ...['ListLogDeliveries', 'PutResourcePolicy', 'DescribeResourcePolicies', 'DescribeLogGroups'],
      ].map(action => `logs:${action}`),
      resources: ['*'],
      source: `${GUIDE}/cw-logs.html`,
    },
  ];
  return { role: machine.properties.RoleArn as string, needs };
}
