import { type FileHandle, open } from 'node:fs/promises';
import { FOOTER_TAIL_BYTES, footerLength, type ParquetFooter, parseFooter } from '../../parquet/footer';

/** A Parquet file of this machine while it is open. */
export interface LocalParquet {
  readonly footer: ParquetFooter;
  /** Of the whole file. */
  readonly size: number;
  /** The stored bytes [start, end). */
  bytes(start: number, end: number): Promise<Uint8Array>;
}

/** Opens a file for as long as `work` takes. Throws TM_4201 for what is no Parquet file. */
export async function withParquet<T>(path: string, work: (file: LocalParquet) => Promise<T>): Promise<T> {
  const file = await openParquet(path);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

/** The same for whoever closes it. */
export async function openParquet(path: string): Promise<LocalParquet & { close(): Promise<void> }> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const bytes = (start: number, end: number) => bytesAt(handle, start, end);
    const end = size - FOOTER_TAIL_BYTES;
    const length = footerLength(await bytes(end, size), size);
    const footer = parseFooter(await bytes(end - length, end));
    return { footer, size, bytes, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function bytesAt(handle: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  await handle.read(bytes, 0, bytes.length, start);
  return bytes;
}
