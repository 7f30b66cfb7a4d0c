test('duckdb.lazy: the adapter alone does not load the engine', () => {
  jest.doMock('@duckdb/node-api', () => {
    throw new Error('loaded');
  });
  expect(() => require('../../lib/adapters/local/duckdb')).not.toThrow();
});
