import { Size } from 'aws-cdk-lib';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { ResolvedLake } from '../../config/resolved';
import { duckDbLayer } from './duckdb-layer';
import type { LakeFunctionProps } from './lake-function';

/**
 * In what the function `load` is other than the lake's others: it alone carries DuckDB, which has a processor for itself
 * and a disk for a task's files and what does not fit into memory.
 * @param shared what all functions have
 * @throws TM_8005
 */
export function loadFunction(
  scope: Construct,
  { from, workers }: NonNullable<ResolvedLake['deploy']['loads']>,
  { layers, environment }: Required<Pick<LakeFunctionProps, 'layers' | 'environment'>>,
): Partial<LakeFunctionProps> {
  return {
    layers: [...layers, duckDbLayer(scope)],
    environment: {
      ...environment,
      TIDEMARK_LOAD_FROM: JSON.stringify(from),
      TIDEMARK_LOAD_WORKERS: String(workers),
    },
    // DuckDB's binding for this one is on every machine that a deploy is likely to run on.
    architecture: Architecture.X86_64,
    memoryMb: 1769,
    disk: Size.gibibytes(10),
  };
}
