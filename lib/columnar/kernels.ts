/** Everything that is done to columns and batches in memory. All functions are pure; slices share memory. */
export { concatBatches, gatherBatch, selectFields, sliceBatch } from './batch';
export { castColumn, widens } from './cast';
export { concat, slice } from './concat';
export { gather, gatherFrom } from './gather';
export { columnFromScalars, constantColumn, nullColumn } from './make';
export { byteSize, isNull, valueAt } from './value';
