import { emptyFile, notUtf8File } from './errors';
import type { SourceFile } from './format';
import { gunzip, isGzip } from './gzip';

/**
 * A text file's content from its first byte: gzip undone (known by its first bytes or by the name), the UTF-8
 * byte order mark taken off.
 * @throws TM_2108 for a file without content, TM_2106 for broken gzip, TM_2105 for UTF-16.
 */
export async function* textContent(file: SourceFile): AsyncIterable<Uint8Array> {
  if (file.size === 0) throw emptyFile(file.name);
  const content = unpacked(file);
  let some = false;
  for await (const chunk of withWholeStart(content, 3)) {
    if (some) {
      yield chunk;
      continue;
    }
    some = true;
    const [a, b, c] = chunk;
    if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) throw notUtf8File('UTF-16', file.name);
    yield a === 0xef && b === 0xbb && c === 0xbf ? chunk.subarray(3) : chunk;
  }
  if (!some) throw emptyFile(file.name);
}

async function* unpacked(file: SourceFile): AsyncIterable<Uint8Array> {
  const stored = withWholeStart(file.stream(), 2)[Symbol.asyncIterator]();
  try {
    const first = await stored.next();
    if (first.done) return;
    const rest = prepend(first.value, stored);
    yield* isGzip(first.value) || file.name.endsWith('.gz') ? gunzip(rest, file.name) : rest;
  } finally {
    await stored.return(undefined);
  }
}

async function* prepend(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  yield first;
  for (let step = await rest.next(); !step.done; step = await rest.next()) yield step.value;
}

/** The same bytes without empty chunks, the first chunk of at least `bytes` if there are so many. */
async function* withWholeStart(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let start: Uint8Array | undefined = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (!start) yield chunk;
    else {
      start = start.length > 0 ? Buffer.concat([start, chunk]) : chunk;
      if (start.length < bytes) continue;
      yield start;
      start = undefined;
    }
  }
  if (start && start.length > 0) yield start;
}
