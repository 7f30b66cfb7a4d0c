/**
 * Avro object container files: the frame of manifests and manifest lists. Written by hand because avsc's own
 * encoder drops attributes such as field-id from the schema it writes, and no engine reads a manifest without.
 * @see https://avro.apache.org/docs/1.11.1/specification/#object-container-files
 */
import { createHash } from 'node:crypto';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Type } from 'avsc';
import { decompress as unzstd } from 'fzstd';
import { type AvroLayout, type AvroSchema, avroCodec } from './avro-type';
import { avroCodecUnknown, avroUnreadable } from './errors';
import { unsnappy } from './snappy';

export interface AvroContainer {
  readonly schema: AvroSchema;
  readonly meta: Readonly<Record<string, string>>;
  /** To be walked once: records are decoded on the way, so that no more than one need be in memory. */
  readonly records: Iterable<unknown>;
}

const MAGIC = Buffer.from('Obj\x01', 'latin1');
const SYNC_BYTES = 16;
/** Encoded bytes a block may grow to; one record may pass it. */
const BLOCK_BYTES_MAX = 1 << 20;

/** The file's bytes, deflated. The sync marker is a hash of the content: equal content gives equal bytes. */
export function writeContainer(
  schema: AvroSchema,
  layout: AvroLayout,
  records: Iterable<unknown>,
  meta: Readonly<Record<string, string>>,
): Uint8Array {
  const header = headerBytes({ 'avro.schema': JSON.stringify(schema), 'avro.codec': 'deflate', ...meta });
  const blocks = encodeBlocks(avroCodec(schema, layout, 'writing'), records);
  const hash = createHash('sha256').update(header);
  for (const block of blocks) hash.update(block.body);
  const sync = hash.digest().subarray(0, SYNC_BYTES);
  const parts = [header, sync];
  for (const block of blocks) parts.push(zigzag(block.count), zigzag(block.body.length), block.body, sync);
  return Buffer.concat(parts);
}

function headerBytes(meta: Record<string, string>): Buffer {
  const parts = [MAGIC, zigzag(Object.keys(meta).length)];
  for (const [key, value] of Object.entries(meta)) parts.push(lengthAndText(key), lengthAndText(value));
  parts.push(zigzag(0));
  return Buffer.concat(parts);
}

function lengthAndText(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([zigzag(bytes.length), bytes]);
}

/** A non-negative integer as Avro's long. */
function zigzag(n: number): Buffer {
  const bytes: number[] = [];
  let rest = n * 2;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function encodeBlocks(codec: Type, records: Iterable<unknown>): { count: number; body: Buffer }[] {
  const blocks: { count: number; body: Buffer }[] = [];
  let buffer = Buffer.allocUnsafe(1 << 16);
  let at = 0;
  let count = 0;
  const flush = () => {
    if (count > 0) blocks.push({ count, body: deflateRawSync(buffer.subarray(0, at)) });
    at = 0;
    count = 0;
  };
  for (const record of records) {
    let end = codec.encode(record, buffer, at);
    // A negative end says how many bytes were missing; what was there stays.
    while (end < 0) {
      const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, buffer.length - end));
      buffer.copy(larger, 0, 0, at);
      buffer = larger;
      end = codec.encode(record, buffer, at);
    }
    at = end;
    count++;
    if (at >= BLOCK_BYTES_MAX) flush();
  }
  flush();
  return blocks;
}

/**
 * Records under the layout's names; codecs null, deflate, zstandard and snappy. `where` is for errors.
 * Throws TM_4010 when the bytes are damaged, TM_4011 for another codec; for blocks, while records are walked.
 */
export function readContainer(bytes: Uint8Array, layout: AvroLayout, where: string): AvroContainer {
  const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), where);
  if (!reader.take(MAGIC.length).equals(MAGIC)) throw avroUnreadable('not an Avro container file', where);
  const meta = readMeta(reader);
  const sync = reader.take(SYNC_BYTES);
  const schema = parseSchema(meta['avro.schema'], where);
  const type = avroCodec(schema, layout, where);
  const codec = meta['avro.codec'] ?? 'null';
  return { schema, meta, records: readBlocks(reader, type, codec, sync, where) };
}

function* readBlocks(
  reader: Reader,
  type: Type,
  codec: string,
  sync: Buffer,
  where: string,
): Generator<unknown> {
  while (!reader.done) {
    const count = reader.long();
    const body = decompress(codec, reader.take(reader.long()), where);
    if (!reader.take(SYNC_BYTES).equals(sync))
      throw avroUnreadable('a block does not end where it says', where);
    yield* decodeBlock(type, body, count, where);
  }
}

function readMeta(reader: Reader): Record<string, string> {
  const meta: Record<string, string> = {};
  for (let n = reader.long(); n !== 0; n = reader.long()) {
    // A negative count is followed by the size of the block in bytes.
    if (n < 0) reader.long();
    for (let i = Math.abs(n); i > 0; i--) {
      const key = reader.take(reader.long()).toString('utf8');
      meta[key] = reader.take(reader.long()).toString('utf8');
    }
  }
  return meta;
}

function parseSchema(json: string | undefined, where: string): AvroSchema {
  try {
    return JSON.parse(json ?? '') as AvroSchema;
  } catch (cause) {
    throw avroUnreadable('its Avro schema is no JSON', where, cause);
  }
}

function* decodeBlock(type: Type, body: Buffer, count: number, where: string): Generator<unknown> {
  let at = 0;
  for (let i = 0; i < count; i++) {
    let decoded: { value: unknown; offset: number };
    try {
      decoded = type.decode(body, at);
    } catch (cause) {
      throw avroUnreadable('a record cannot be decoded', where, cause);
    }
    if (decoded.offset < 0) throw avroUnreadable('a block is shorter than its records', where);
    at = decoded.offset;
    yield decoded.value;
  }
}

function decompress(codec: string, body: Buffer, where: string): Buffer {
  try {
    switch (codec) {
      case 'null':
        return body;
      case 'deflate':
        return inflateRawSync(body);
      case 'zstandard':
        return asBuffer(unzstd(body));
      case 'snappy': {
        const plain = asBuffer(unsnappy(body.subarray(0, -4), where));
        if (crc32(plain) !== body.readUInt32BE(body.length - 4))
          throw avroUnreadable('a checksum is wrong', where);
        return plain;
      }
    }
  } catch (cause) {
    throw avroUnreadable(`a block cannot be decompressed (${codec})`, where, cause);
  }
  throw avroCodecUnknown(codec, where);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

class Reader {
  private at = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly where: string,
  ) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  take(length: number): Buffer {
    const end = this.at + length;
    if (!(length >= 0 && end <= this.bytes.length)) throw avroUnreadable('the file is cut short', this.where);
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  long(): number {
    let raw = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.take(1)[0]!;
      raw += (byte & 127) * scale;
      if (byte < 128) break;
      if (scale > 2 ** 49) throw avroUnreadable('an integer is too large', this.where);
    }
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }
}
