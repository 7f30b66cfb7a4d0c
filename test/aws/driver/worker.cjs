// An execution environment of Lambda for Node.js: loads a bundle unchanged, and answers one invocation after the other.
//   parent -> { event, millis, ahead }                 ahead: how far the lake's clock is before the machine's
//   parent <- { answer, memory } or { error, type, message, memory }  memory: the most it ever held, in MB
const { subscribe } = require('node:diagnostics_channel');
const { join } = require('node:path');

let ahead = 0;
const RealDate = Date;
const now = () => RealDate.now() + ahead;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, as) => Reflect.construct(target, args.length === 0 ? [now()] : args, as),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
// The SDK takes the time of an answer for the right one, and the stand-ins have the machine's clock.
subscribe('http.client.response.finish', ({ response }) => {
  response.headers.date = new Date().toUTCString();
});

const [file, name] = process.env._HANDLER.split('.');

process.on('message', async invocation => {
  ahead = invocation.ahead;
  const until = RealDate.now() + invocation.millis;
  const context = {
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    awsRequestId: crypto.randomUUID(),
    getRemainingTimeInMillis: () => Math.max(0, until - RealDate.now()),
  };
  const memory = () => Math.round(process.resourceUsage().maxRSS / 1024);
  try {
    const loaded = require(join(process.env.LAMBDA_TASK_ROOT, file));
    const answer = await loaded[name](invocation.event, context);
    process.send({ answer, memory: memory() });
  } catch (error) {
    const { name: type, message } =
      error instanceof Error ? error : { name: 'Error', message: String(error) };
    process.send({ error: String(error?.stack ?? error), type, message, memory: memory() });
  }
});

process.on('disconnect', () => process.exit());
