// Properties look at new examples in every run, but where TIDEMARK_PROPERTY_SEED names them: a check of one commit says the
// same twice (.ci/run), `npm run soak` and every other run explore.
const seed = process.env.TIDEMARK_PROPERTY_SEED;
if (seed) {
  // Not imported: this file runs before every file of tests, and few have properties.
  const fc = require('fast-check') as typeof import('fast-check');
  fc.configureGlobal({ seed: Number(seed) });
}
