import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateGraph, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcards } from '../acknowledged';
import { loadSteps } from './load-steps';

export interface LoadsProps {
  readonly lambda: IFunction;
  /** Workers at once. */
  readonly workers: number;
}

/** What takes a load of a table from step to step: a state machine over one function. */
export class Loads extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, { lambda, workers }: LoadsProps) {
    super(scope, id);
    const { account } = Stack.of(this);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    });
    const rights = this.rights('Rights', role, [
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [lambda.functionArn] }),
      new PolicyStatement({ actions: DELIVERS_LOGS, resources: ['*'] }),
    ]);
    const graph = new StateGraph(loadSteps(this, lambda, workers).startState, 'Load');
    this.machine = new StateMachine(this, 'Machine', {
      // As text, and the role as it is: what the CDK would grant is more, every version of the function among it.
      definitionBody: DefinitionBody.fromString(Stack.of(this).toJsonString(graph.toGraphJson())),
      role: role.withoutPolicyUpdates(),
      logs: {
        destination: new LogGroup(this, 'Logs', {
          retention: RetentionDays.ONE_MONTH,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        // Names of tables and objects, and codes of errors: no words of a row (lambdas/safe-error.ts).
        includeExecutionData: true,
      },
    });
    // Step Functions tries at once whether it may write the log.
    this.machine.node.addDependency(rights);
    acknowledge(
      this.machine,
      'SF2',
      'The history of an execution shows each step and its time; nothing else of a lake is traced.',
    );
    // By itself: a policy that names the machine cannot come before it.
    this.rights('Children', role, this.childRights());
  }

  private rights(id: string, role: Role, statements: PolicyStatement[]): Policy {
    const policy = new Policy(this, id, { roles: [role], statements });
    acknowledgeWildcards(policy, statements);
    return policy;
  }

  /**
   * A distributed map runs each item as an execution of its own.
   * Source: Step Functions Developer Guide, iam-policies-eg-dist-map.html.
   */
  private childRights(): PolicyStatement[] {
    const { stateMachineArn, stateMachineName } = this.machine;
    const children = Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${stateMachineName}/*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    return [
      new PolicyStatement({ actions: ['states:StartExecution'], resources: [stateMachineArn] }),
      new PolicyStatement({
        actions: ['states:DescribeExecution', 'states:StopExecution'],
        resources: [children],
      }),
    ];
  }
}

/** Source: Step Functions Developer Guide, cw-logs.html. */
const DELIVERS_LOGS = [
  ...['CreateLogDelivery', 'GetLogDelivery', 'UpdateLogDelivery', 'DeleteLogDelivery', 'ListLogDeliveries'],
  ...['PutResourcePolicy', 'DescribeResourcePolicies', 'DescribeLogGroups'],
].map(action => `logs:${action}`);
