import { Duration, RemovalPolicy, type Size } from 'aws-cdk-lib';
import { type IRole, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type Code,
  Function as LambdaFunction,
  type LayerVersion,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledgeWildcards } from '../acknowledged';

/**
 * What keeps the process as small as what it holds. glibc raises its threshold for memory that goes back to the system
 * once it is freed, up to 32 MiB, with the first large block that is freed; columns and row groups of all sizes then
 * pile up in holes. A threshold that is set stays (mallopt(3)). Young garbage waits in three such spaces of V8.
 */
const MEMORY = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: String(128 * 1024),
  NODE_OPTIONS: '--max-semi-space-size=4',
};

export interface LakeFunctionProps {
  readonly code: Code;
  readonly timeoutSeconds: number;
  readonly environment?: Record<string, string>;
  readonly statements: readonly PolicyStatement[];
  readonly layers?: readonly LayerVersion[];
  /** Default: 512. */
  readonly memoryMb?: number;
  /** What /tmp holds. Default: Lambda's 512 MiB. */
  readonly disk?: Size;
  /** Default: ARM, which costs a fifth less. */
  readonly architecture?: Architecture;
  /** Default: a role of its own. */
  readonly role?: IRole;
}

/** Every default of a function of the lake: what it runs on, where it logs, and that it may do nothing else. */
export class LakeFunction extends Construct {
  readonly lambda: LambdaFunction;
  /** All that it may do. */
  readonly rights: Policy;

  constructor(scope: Construct, id: string, props: LakeFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role =
      props.role ?? new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const logs = new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    });
    // A policy beside the role, not within: the role may stand in another stack, which knows nothing of this one.
    this.rights = new Policy(this, 'Rights', { roles: [role], statements: [...props.statements, logs] });
    acknowledgeWildcards(this.rights, props.statements);
    this.lambda = new LambdaFunction(this, 'Function', {
      code: props.code,
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: props.architecture ?? Architecture.ARM_64,
      memorySize: props.memoryMb ?? 512,
      ...(props.disk ? { ephemeralStorageSize: props.disk } : {}),
      timeout: Duration.seconds(props.timeoutSeconds),
      role,
      layers: [...(props.layers ?? [])],
      environment: { ...MEMORY, ...props.environment },
      logGroup,
      loggingFormat: LoggingFormat.JSON,
    });
    // An event source is refused as long as the function may not read it.
    this.lambda.node.addDependency(this.rights);
  }
}
