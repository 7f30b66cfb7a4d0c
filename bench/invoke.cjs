// One cold start: loads a bundle, hands it one event, and says how long each took, in milliseconds. `before` is the
// process's own start. node invoke.cjs <index.js> <event as JSON>
const [, , bundle, event] = process.argv;
const before = performance.now();
const { handler } = require(bundle);
const loaded = performance.now();
// What a function logs would only be in the way here.
console.log = console.info = console.warn = () => undefined;
Promise.resolve(handler(JSON.parse(event), { getRemainingTimeInMillis: () => 300_000 })).then(answer => {
  const done = performance.now();
  if (answer?.batchItemFailures?.length) throw new Error(JSON.stringify(answer));
  const took = { before, load: loaded - before, work: done - loaded, all: done };
  process.stdout.write(`\n${JSON.stringify(took)}\n`, () => process.exit(0));
});
