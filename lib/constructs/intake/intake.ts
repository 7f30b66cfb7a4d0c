import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  type HttpRoute,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import type { LayerVersion } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { HttpSource } from '../../config/stream-sources';
import { acknowledge } from '../acknowledged';
import { bundleOf } from '../bundles';
import { LakeFunction } from '../pipeline/lake-function';

export interface IntakeProps {
  /** The source's name in the config. */
  readonly name: string;
  readonly source: HttpSource;
  /** What keeps the events, and the key of the account that encrypts it. */
  readonly stream: IStream;
  readonly streamKey: string | undefined;
  readonly layers: readonly LayerVersion[];
  /** Where the functions find the config. */
  readonly configFile: string;
  readonly bundles?: string | undefined;
}

/** A second less than an API waits for its function. */
const TIMEOUT_SECONDS = 29;
const MEMORY_MB = 256;

/** Where an http source takes events: an API, its one route, and the function that puts them into the stream. */
export class Intake extends Construct {
  readonly function: LakeFunction;
  readonly api: HttpApi;
  private readonly route: HttpRoute;

  constructor(scope: Construct, id: string, props: IntakeProps) {
    super(scope, id);
    const { name, source, stream, layers, configFile, bundles } = props;
    this.function = new LakeFunction(this, 'intake', {
      code: bundleOf('intake', bundles),
      timeoutSeconds: TIMEOUT_SECONDS,
      memoryMb: MEMORY_MB,
      layers,
      environment: {
        TIDEMARK_CONFIG: configFile,
        TIDEMARK_INTAKE_SOURCE: name,
        TIDEMARK_INTAKE_STREAM: stream.streamArn,
      },
      statements: rightsOf(props),
    });
    this.api = new HttpApi(this, 'Api', { createDefaultStage: false, description: `Events of ${name}` });
    const [route] = this.api.addRoutes({
      path: '/events/{table}',
      methods: [HttpMethod.POST],
      integration: new HttpLambdaIntegration('Function', this.function.lambda),
      authorizer: authorizerOf(source),
    });
    this.route = route!;
    this.stage(source);
    if (source.authorizer === 'none')
      acknowledge(this.route, 'APIG4', 'The config says that anybody may post: authorizer none.');
  }

  get url(): string {
    return this.api.apiEndpoint;
  }

  /** Answers that the stream did not have, or that failed. */
  get failures(): IMetric {
    return this.api.metricServerError({ statistic: 'Sum' });
  }

  /** Lets a role, user or function post, where the authorizer is `iam`. */
  grantPost(grantee: IGrantable): Grant {
    return this.route.grantInvoke(grantee);
  }

  /** Throttled, and every request logged: who, what, how it ended. Bodies are not. */
  private stage({ throttle }: HttpSource): void {
    const logs = new LogGroup(this, 'AccessLogs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: throttle.rate, burstLimit: throttle.burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(logs),
        format: AccessLogFormat.custom(JSON.stringify(LOGGED)),
      },
    });
  }
}

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html */
const LOGGED = {
  requestId: '$context.requestId',
  at: '$context.requestTimeEpoch',
  ip: '$context.identity.sourceIp',
  route: '$context.routeKey',
  path: '$context.path',
  status: '$context.status',
  bytes: '$context.responseLength',
  error: '$context.error.message',
  function: '$context.integration.error',
};

/** To put into this stream, and to have its key encrypt what is put. */
function rightsOf({ stream, streamKey }: IntakeProps): PolicyStatement[] {
  const { region } = stream.env;
  const puts = new PolicyStatement({ actions: ['kinesis:PutRecords'], resources: [stream.streamArn] });
  if (streamKey === undefined) return [puts];
  const encrypts = new PolicyStatement({
    actions: ['kms:GenerateDataKey'],
    resources: [streamKey],
    conditions: { StringEquals: { 'kms:ViaService': `kinesis.${region}.amazonaws.com` } },
  });
  return [puts, encrypts];
}

function authorizerOf({ authorizer }: HttpSource): IHttpRouteAuthorizer {
  if (authorizer === 'iam') return new HttpIamAuthorizer();
  if (authorizer === 'none') return new HttpNoneAuthorizer();
  const { issuer, audience } = authorizer.jwt;
  return new HttpJwtAuthorizer('Tokens', issuer, { jwtAudience: audience });
}
