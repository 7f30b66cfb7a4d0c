import type { DataFile } from './data-file';

/** One string a partition: equal for two files exactly if spec and partition values are. For Map keys. */
export function partitionKey({ specId, partition }: Pick<DataFile, 'specId' | 'partition'>): string {
  return JSON.stringify([
    specId,
    ...partition.map(v => {
      if (v instanceof Uint8Array) return { b: Buffer.from(v).toString('base64') };
      if (typeof v === 'bigint') return { i: String(v) };
      // JSON has no NaN and no -0.
      return typeof v === 'number' ? { n: Object.is(v, -0) ? '-0' : String(v) } : v;
    }),
  ]);
}
