import fc from 'fast-check';

// Properties look at new examples in every run, but where TIDEMARK_PROPERTY_SEED names them: a check of one commit says the
// same twice (.ci/run), `npm run soak` and every other run explore.
const seed = process.env.TIDEMARK_PROPERTY_SEED;
if (seed) fc.configureGlobal({ seed: Number(seed) });
