import { CsvTokenizer } from '../columnar/csv-tokenizer';
import { textContent } from './content';
import type { SourceFile } from './format';

/** A record as a line of a file holds it. */
export interface RecordLine {
  /** Counted from 1, blank ones too. */
  readonly line: number;
  readonly data: Uint8Array;
}

/** More than any stream takes as one record. A longer line is looked for before anything of the file is taken in. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024;

/** How many lines are held at once. */
export interface Portion {
  readonly lines: number;
  /** Bytes of their records. */
  readonly bytes: number;
}

/** -1 is no byte: the tokenizer then gives whole lines. */
const NO_BYTE = -1;

/**
 * The records of a file, one a line, in portions: JSON as it stands, records of Avro in base64. Blank lines are none. A
 * line that is too long stands alone in its portion, with its head only and `tooLong`.
 * @throws TM_2105, TM_2106, TM_2108 as any text file
 */
export async function* recordLines(
  file: SourceFile,
  portion: Portion,
): AsyncGenerator<readonly RecordLine[] | { readonly tooLong: number }> {
  const lines = new CsvTokenizer({ delimiter: NO_BYTE, quote: NO_BYTE, rowBytesMax: LINE_BYTES_MAX });
  let held: RecordLine[] = [];
  let bytes = 0;
  for await (const chunk of withEnd(textContent(file))) {
    if (chunk) lines.push(chunk);
    else lines.end();
    while (lines.next()) {
      if (lines.fault) {
        yield { tooLong: lines.line };
        continue;
      }
      const data = recordOf(lines.bytes.subarray(lines.starts[0]!, lines.ends[0]!));
      if (!data) continue;
      held.push({ line: lines.line, data });
      bytes += data.length;
      if (held.length < portion.lines && bytes < portion.bytes) continue;
      yield held;
      held = [];
      bytes = 0;
    }
  }
  if (held.length > 0) yield held;
}

async function* withEnd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | undefined> {
  yield* chunks;
  yield undefined;
}

/** Base64 of the two bytes that begin a single object of Avro, C3 01; no JSON begins so. */
const AVRO = /^ww[E-H]/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** What a line holds, copied: the line's own bytes do not last. Undefined for a blank one. */
function recordOf(line: Uint8Array): Uint8Array | undefined {
  const blank = line.every(byte => byte === 0x20 || byte === 0x09 || byte === 0x0d);
  if (blank) return undefined;
  const data = Buffer.from(line);
  if (!AVRO.test(data.toString('latin1', 0, 3))) return data;
  const text = data.toString('latin1').trim();
  return BASE64.test(text) ? Buffer.from(text, 'base64') : data;
}
