import { randomUUID } from 'node:crypto';
import { ACCOUNT, type Made, REGION } from '../intrinsics';
import type { Maker } from '../resource';

const named =
  (arn: (name: string) => string): Maker =>
  async (_, name) => ({ ref: name, attributes: { Arn: arn(name) } });

const regional = (service: string, place: string) => (name: string) =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${place}${name}`;

const only = async (_: unknown, name: string): Promise<Made> => ({ ref: name, attributes: {} });

/** Its Ref is its ARN. */
const byArn =
  (arn: (name: string) => string): Maker =>
  async (_, name) => ({ ref: arn(name), attributes: {} });

/**
 * What the stand-ins have no server for, or the driver plays itself: it gets a name, and its properties are kept for
 * whoever reads the deployed lake.
 */
export const DESCRIBED: Readonly<Record<string, Maker>> = {
  'AWS::Lambda::Function': named(regional('lambda', 'function:')),
  'AWS::Lambda::LayerVersion': byArn(name => `${regional('lambda', 'layer:')(name)}:1`),
  'AWS::Lambda::EventSourceMapping': async () => {
    const id = randomUUID();
    return { ref: id, attributes: { Id: id } };
  },
  'AWS::Lambda::Permission': only,
  // The driver hands its function the events that an API would.
  'AWS::ApiGatewayV2::Api': async (_, name) => ({
    ref: name,
    attributes: { ApiId: name, ApiEndpoint: `https://${name}.execute-api.${REGION}.amazonaws.com` },
  }),
  'AWS::ApiGatewayV2::Integration': only,
  'AWS::ApiGatewayV2::Route': only,
  'AWS::ApiGatewayV2::Stage': only,
  'AWS::Events::Rule': named(regional('events', 'rule/')),
  'AWS::IAM::Role': named(name => `arn:aws:iam::${ACCOUNT}:role/${name}`),
  'AWS::IAM::Policy': only,
  'AWS::IAM::ManagedPolicy': byArn(name => `arn:aws:iam::${ACCOUNT}:policy/${name}`),
  'AWS::Logs::LogGroup': named(name => `${regional('logs', 'log-group:')(name)}:*`),
  // The stand-in reads no conditions: it would refuse everything that a statement denies without TLS.
  'AWS::S3::BucketPolicy': only,
  // The driver runs its definition.
  'AWS::StepFunctions::StateMachine': async (_, name) => {
    const arn = regional('states', 'stateMachine:')(name);
    return { ref: arn, attributes: { Arn: arn, Name: name } };
  },
  'AWS::SNS::Topic': byArn(regional('sns', '')),
  'AWS::SNS::TopicPolicy': only,
  'AWS::SQS::QueuePolicy': only,
};
