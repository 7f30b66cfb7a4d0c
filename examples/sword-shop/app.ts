import { join } from 'node:path';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Lake } from 'tidemark/cdk';
import config from './tidemark.config';

const app = new App();
const stack = new Stack(app, 'SwordShop');
const lake = new Lake(stack, 'Lake', { config });
const stream = lake.storage.streams.events!;

// The game: it puts its events into the stream of the http source, under ids of its own.
const game = new LambdaFunction(stack, 'Game', {
  runtime: Runtime.NODEJS_24_X,
  architecture: Architecture.ARM_64,
  code: Code.fromAsset(join(__dirname, 'web')),
  handler: 'handler.handler',
  timeout: Duration.seconds(10),
  environment: { STREAM: stream.streamArn },
});
stream.grantWrite(game);

const api = new HttpApi(stack, 'Api');
api.addRoutes({
  path: '/{proxy+}',
  methods: [HttpMethod.GET],
  integration: new HttpLambdaIntegration('Visits', game),
});
new CfnOutput(stack, 'Url', { value: api.apiEndpoint });

app.synth();
