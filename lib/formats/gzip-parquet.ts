import { gzipParquetTooLarge } from './errors';
import type { SourceFile } from './format';
import { gunzip, isGzip } from './gzip';

const UNPACKED_BYTES_MAX = 256 * 1024 * 1024;

/**
 * A file with ranges into its content: itself, or, if it is gzip, a copy unpacked in memory, since gzip can
 * only be read from its start.
 * @throws TM_2106, TM_2115 past 256 MiB.
 */
export async function unpackedWhole(file: SourceFile): Promise<SourceFile> {
  if (!isGzip(await file.range(0, Math.min(2, file.size)))) return file;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of gunzip(file.stream(), file.name)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > UNPACKED_BYTES_MAX) throw gzipParquetTooLarge(UNPACKED_BYTES_MAX, file.name);
  }
  const content = Buffer.concat(chunks);
  return {
    name: file.name,
    size,
    stream: async function* () {
      yield content;
    },
    range: async (start, end) => content.subarray(start, end),
  };
}
