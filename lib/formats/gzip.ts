import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { brokenGzip } from './errors';

const UNPACKED_CHUNK_BYTES = 256 * 1024;

/** The first two bytes of every gzip member (RFC 1952, 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The content of gzip bytes, several members in a row included. Errors of `packed` pass through.
 * @throws TM_2106 when the content ends early or fails its checksum; what came before has been given out by then.
 */
export async function* gunzip(packed: AsyncIterable<Uint8Array>, file: string): AsyncIterable<Uint8Array> {
  const unpack = createGunzip({ chunkSize: UNPACKED_CHUNK_BYTES });
  // The callback is needed for an early stop: the error itself arrives through the iteration below.
  pipeline(Readable.from(packed), unpack, () => {});
  try {
    for await (const chunk of unpack) yield chunk as Uint8Array;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'Z_BUF_ERROR') throw brokenGzip('ends early', file, error);
    if (code.startsWith('Z_')) throw brokenGzip((error as Error).message, file, error);
    throw error;
  }
}
