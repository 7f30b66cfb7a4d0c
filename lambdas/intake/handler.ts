import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { AwsIntake } from '../../lib/runtime/aws-intake';
import { intake } from '../../lib/stages/intake/intake';
import { count, counted, failed } from '../telemetry';

/** Beyond it no further part of a body is put: the API answers for itself after 30 seconds. */
const PUT_MS_MAX = 10_000;

/** A request of the API: its events are in the stream when it is answered 202. */
export function takeEvents({ config, ports, source }: AwsIntake) {
  return (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
    counted(config.name, async () => {
      const { rawPath: path, requestContext, headers, body = '', isBase64Encoded } = event;
      const contentType = headers['content-type'];
      const contentEncoding = headers['content-encoding'];
      const request = {
        method: requestContext.http.method,
        path,
        body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
        ...(contentType === undefined ? {} : { contentType }),
        ...(contentEncoding === undefined ? {} : { contentEncoding }),
      };
      const onFailure = (error: unknown) => failed('events are not in the stream', error);
      const answer = await intake(ports, config, request, { source, putMsMax: PUT_MS_MAX, onFailure });
      count('eventsAccepted', answer.body.accepted);
      return {
        statusCode: answer.status,
        headers: { ...answer.headers },
        body: JSON.stringify(answer.body),
      };
    });
}
