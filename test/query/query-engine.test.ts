import { openDuckDb } from '../../lib/adapters/local/duckdb';
import type { WritingEngine } from '../../lib/ports/query-engine';
import { queryEngineContract } from '../contracts/query-engine.contract';

let engine: WritingEngine;
beforeAll(async () => {
  engine = await openDuckDb({ threads: 1 });
});
afterAll(() => engine.close());

queryEngineContract('duckdb', {
  engine: () => engine,
  numbers: count => `SELECT CAST(range AS BIGINT) AS n FROM range(1, ${count + 1})`,
  binary: "'\\xAB\\x00'::BLOB",
  zoned: "TIMESTAMPTZ '2021-01-01 10:00:00+02'",
});
