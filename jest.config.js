// swc compiles, TypeScript 7 only checks (it has no JS API for ts-jest); a few oracles ship as ESM only.
const base = {
  setupFiles: ['<rootDir>/test/support/seed.ts'],
  testEnvironment: 'node',
  // Stand-ins and engines of the tests bring package.json files of their own.
  modulePathIgnorePatterns: ['<rootDir>/.cache/'],
  transform: {
    '^.+\\.[cm]?[jt]sx?$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(hyparquet|hyparquet-compressors|fzstd|hysnappy)/)'],
};

/**
 * What bundles functions, synthesises whole stacks, has DuckDB read many files, or goes through a world's schedules by the
 * hundred: CI runs it, beside `npm test`, which keeps within three minutes.
 */
const LARGE = [
  ...[
    'lambdas/bundles',
    'stacks/*',
    'live/live',
    'runtime/loading',
    'query/load/*',
    'ledger/tasks',
    'table/log-bounds',
    'table/manifests',
    'table/copy-on-write',
    'stages/ingest-stream/many-tables',
  ],
  ...['bundle', 'init', 'listen-load', 'load', 'load-orders', 'record-files', 'watch'].map(t => `cli/${t}`),
  ...['bad-copies', 'dead-rows', 'full-disk', 'killed', 'orders', 'settle-keys', 'steps', 'waits'].map(
    t => `stages/load/${t}`,
  ),
  ...[
    'athena-report-crash',
    'athena-report-interleave',
    'avro',
    'aws-ugly',
    'compact',
    'compact-rollbacks',
  ].map(t => `simulation/${t}`),
  ...[
    'crash-loads',
    'log-order',
    'record-files',
    'replays',
    'report-crash',
    'reshard',
    'retype',
    'sweep',
  ].map(t => `simulation/${t}`),
  ...['loads', 'sweep-listing', 'tasks', 'turns', 'undeclared', 'views'].map(t => `simulation/${t}`),
].map(test => `<rootDir>/test/${test}.test.ts`);

/** @type {import('jest').Config} */
module.exports = {
  // No assertion about time: a busy machine is slow, a test that hangs still ends. Projects have no limit of their own.
  testTimeout: 120_000,
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: [
        '/node_modules/',
        ...['interop', 'process', 'aws', 'package'].map(folder => `<rootDir>/test/${folder}/`),
        ...LARGE.map(test => test.replace('*', '[^/]+')),
      ],
    },
    { ...base, displayName: 'large', testMatch: LARGE },
    { ...base, displayName: 'interop', testMatch: ['<rootDir>/test/interop/**/*.test.ts'] },
    { ...base, displayName: 'aws', testMatch: ['<rootDir>/test/aws/**/*.test.ts'] },
    { ...base, displayName: 'package', testMatch: ['<rootDir>/test/package/**/*.test.ts'] },
    { ...base, displayName: 'process', testMatch: ['<rootDir>/test/process/**/*.test.ts'] },
  ],
};
