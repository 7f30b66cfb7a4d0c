import type { Column } from './column';
import { columnTooLarge, valueOutOfType } from './errors';
import { allocateValues, elementsPerValue, type FixedValues, isVarType, VAR_DATA_BYTES_MAX } from './layout';
import { checkScalar } from './scalar';
import type { PrimitiveType, Scalar } from './types';

/**
 * Builds one column, value by value, in growing arrays that are kept from batch to batch.
 * `append` checks its value; the typed appends are for callers that know the value fits.
 */
export class ColumnBuilder {
  private rows = 0;
  private nulls = 0;
  private valid: Uint8Array | undefined;
  private room: number;
  // One field for each array class, so that every append stores into one class: mixed stores are slow.
  private numbers: Int32Array | Float32Array | Float64Array | undefined;
  private words: BigInt64Array | undefined;
  private flags: Uint8Array | undefined;
  private offsets: Int32Array | undefined;
  private data: Buffer | undefined;

  constructor(
    readonly type: PrimitiveType,
    capacity: number,
  ) {
    this.room = Math.max(capacity, 4);
    if (isVarType(type)) {
      this.offsets = new Int32Array(this.room + 1);
      this.data = Buffer.allocUnsafeSlow(this.room * 16);
    } else this.adopt(allocateValues(type, this.room));
  }

  /** Values so far. */
  get length(): number {
    return this.rows;
  }

  /** Bytes the values so far take. */
  get bytes(): number {
    const valid = this.nulls > 0 ? this.rows : 0;
    if (this.offsets) return valid + this.offsets[this.rows]! + 4 * (this.rows + 1);
    const values = this.values();
    return valid + this.rows * elementsPerValue(this.type) * values.BYTES_PER_ELEMENT;
  }

  appendNull(): void {
    this.need();
    if (!this.valid) this.valid = new Uint8Array(this.room).fill(1);
    this.valid[this.rows] = 0;
    this.nulls++;
    // The slot's value is zeroed: a value taken back by removeLast would otherwise stand there.
    if (this.offsets) this.offsets[this.rows + 1] = this.offsets[this.rows]!;
    else if (this.numbers) this.numbers[this.rows] = 0;
    else if (this.flags) this.flags[this.rows] = 0;
    else
      this.words!.fill(
        0n,
        this.rows * elementsPerValue(this.type),
        (this.rows + 1) * elementsPerValue(this.type),
      );
    this.rows++;
  }

  /** Appends any value of the column's type. Throws TM_4103 if it is not one. */
  append(value: Exclude<Scalar, null>): void {
    checkScalar(this.type, value);
    if (typeof value === 'boolean') this.appendBoolean(value);
    else if (typeof value === 'number') this.appendNumber(value);
    else if (typeof value === 'string') this.appendString(value);
    else if (typeof value !== 'bigint') this.appendBytes(value, 0, value.length);
    else if (elementsPerValue(this.type) === 2) this.appendDecimal(BigInt.asIntN(64, value), value >> 64n);
    else this.appendLong(value);
  }

  /** long, timestamp, timestamptz. */
  appendLong(value: bigint): void {
    this.need();
    this.words![this.rows] = value;
    this.present();
  }

  /** int, date, float, double. */
  appendNumber(value: number): void {
    this.need();
    this.numbers![this.rows] = value;
    this.present();
  }

  /** decimal: the low (its bits, signed or not) and the high word of the unscaled 128-bit integer. */
  appendDecimal(lo: bigint, hi: bigint): void {
    this.need();
    this.words![2 * this.rows] = lo;
    this.words![2 * this.rows + 1] = hi;
    this.present();
  }

  appendBoolean(value: boolean): void {
    this.need();
    this.flags![this.rows] = value ? 1 : 0;
    this.present();
  }

  /** string (must be UTF-8), binary: bytes [from, to) of `src`, copied. Throws TM_4104 past 2 GiB. */
  appendBytes(src: Uint8Array, from: number, to: number): void {
    this.need();
    let at = this.offsets![this.rows]!;
    this.needData(at + to - from);
    const data = this.data!;
    // A call of `set` costs more than a short loop.
    if (to - from < 32) for (let i = from; i < to; i++) data[at++] = src[i]!;
    else {
      data.set(src.subarray(from, to), at);
      at += to - from;
    }
    this.offsets![this.rows + 1] = at;
    this.present();
  }

  /** Takes the last value out again, NULL or not. Throws TM_4103 if there is none. */
  removeLast(): void {
    if (this.rows === 0) throw valueOutOfType(this.type, 'the last value of none');
    this.rows--;
    if (this.valid?.[this.rows] !== 0) return;
    this.valid[this.rows] = 1;
    this.nulls--;
  }

  /** The column so far; the builder is empty afterwards and keeps its room. */
  finish(): Column {
    const { rows: length, type } = this;
    const valid = this.nulls > 0 ? this.valid!.slice(0, length) : undefined;
    this.valid = undefined;
    this.nulls = 0;
    this.rows = 0;
    if (isVarType(type)) {
      const offsets = this.offsets!.slice(0, length + 1);
      const data = new Uint8Array(offsets[length]!);
      data.set(this.data!.subarray(0, data.length));
      return { kind: 'var', type, length, valid, offsets, data };
    }
    return {
      kind: 'fixed',
      type,
      length,
      valid,
      values: this.values().slice(0, length * elementsPerValue(type)),
    };
  }

  private appendString(value: string): void {
    this.need();
    const at = this.offsets![this.rows]!;
    this.needData(at + 3 * value.length);
    this.offsets![this.rows + 1] = at + this.data!.write(value, at, 'utf8');
    this.present();
  }

  private present(): void {
    this.rows++;
  }

  private values(): FixedValues {
    return (this.numbers ?? this.words ?? this.flags)!;
  }

  private adopt(values: FixedValues): void {
    if (values instanceof BigInt64Array) this.words = values;
    else if (values instanceof Uint8Array) this.flags = values;
    else this.numbers = values;
  }

  /** Room for one more value. */
  private need(): void {
    if (this.rows === this.room) this.grow();
  }

  private grow(): void {
    this.room *= 2;
    if (this.valid) {
      const valid = new Uint8Array(this.room).fill(1);
      valid.set(this.valid);
      this.valid = valid;
    }
    if (isVarType(this.type)) {
      const offsets = new Int32Array(this.room + 1);
      offsets.set(this.offsets!);
      this.offsets = offsets;
      return;
    }
    const values = allocateValues(this.type, this.room);
    // One type, so one array class on both sides: the cast only names it.
    (values as Uint8Array).set(this.values() as Uint8Array);
    this.adopt(values);
  }

  private needData(bytes: number): void {
    const data = this.data!;
    if (bytes <= data.length) return;
    if (bytes > VAR_DATA_BYTES_MAX) throw columnTooLarge(bytes);
    const grown = Buffer.allocUnsafeSlow(Math.min(Math.max(bytes, data.length * 2), VAR_DATA_BYTES_MAX));
    grown.set(data.subarray(0, this.offsets![this.rows]!));
    this.data = grown;
  }
}
