import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { landedFile } from '../adapters/local/landing';
import type { ResolvedLake } from '../config/resolved';
import type { LakePorts } from '../ports/lake-ports';
import type { Lake, RecordFileOptions } from './lake';
import { removeStale, withScratch } from './load-scratch';

/** What records are called that no file held. */
const STDIN = 'stdin';

/**
 * Files of records, taken in from here wherever the lake stands.
 * @param scratch a folder of our own: what comes from a pipe is kept there while it is taken in. A crash leaves it, and
 * the next run removes it.
 */
export function recordFiles(
  ports: LakePorts,
  config: ResolvedLake,
  scratch: string,
): Pick<Lake, 'ingestRecords'> {
  const take = async (path: string, object: string | undefined, options: RecordFileOptions) => {
    const { ingestRecordFile } = await import('../stages/ingest-stream/ingest-record-file');
    const { formatOfSource } = await import('../stages/ingest-stream/route');
    const { table, again, onRead } = options;
    const source = options.source ?? options.format ?? STDIN;
    const format = options.format ?? formatOfSource(config, source);
    const file = await landedFile(path, onRead);
    return ingestRecordFile(ports, config, {
      ...{ ...file, object: object ?? file.key, source, format },
      ...(table === undefined ? {} : { table }),
      ...(again ? { again } : {}),
    });
  };
  return {
    async ingestRecords(from, options) {
      removeStale(scratch);
      if (typeof from === 'string') return take(from, undefined, options);
      return withScratch(scratch, ports.ids.fresh(), async folder => {
        const path = join(folder, STDIN);
        await pipeline(bytesOf(from), createWriteStream(path));
        return take(path, STDIN, options);
      });
    },
  };
}

async function* bytesOf(pieces: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield piece instanceof Uint8Array ? piece : Buffer.from(String(piece));
}
