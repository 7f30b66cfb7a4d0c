import { NodeHttpHandler } from '@smithy/node-http-handler';

/**
 * What every client of the SDK is made with. Without time limits a connection that died silently holds a function
 * until its own time is over. HTTP/1.1, as the Kinesis client's own HTTP/2 is understood by no stand-in. The SDK
 * reads region, credentials and AWS_ENDPOINT_URL_<SERVICE> by itself.
 */
export function clientSettings() {
  return {
    retryMode: 'standard',
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECTION_MS_MAX,
      socketTimeout: SILENCE_MS_MAX,
    }),
  };
}

const ATTEMPTS_MAX = 5;
const CONNECTION_MS_MAX = 3000;
/** Without a byte in either direction. */
const SILENCE_MS_MAX = 30_000;
