import type * as Arrow from 'apache-arrow';
import { fixed, validOf } from './arrow-data';
import { arrow } from './arrow-encode';
import type { Column } from './column';
import { arrowValueInexact } from './errors';

const DAY_MS = 86_400_000n;

/** Days, or milliseconds that are whole days; others throw TM_4106. */
export function dates(data: Arrow.Data, where: string): Column {
  if (data.values instanceof Int32Array) return fixed(data, 'date', data.values.subarray(0, data.length));
  const valid = validOf(data);
  const days = new Int32Array(data.length);
  const millis = new BigInt64Array(data.values.buffer, data.values.byteOffset, data.length);
  millis.forEach((v, i) => {
    if (valid?.[i] === 0) return;
    if (v % DAY_MS !== 0n) throw arrowValueInexact(v, 'ms as a date', where);
    days[i] = Number(v / DAY_MS);
  });
  return fixed(data, 'date', days);
}

/** Timestamps of any unit in micros; with a zone they are timestamptz. Throws TM_4106 for what is not exact. */
export function timestamps(data: Arrow.Data, where: string): Column {
  const { TimeUnit } = arrow();
  const type = data.type as Arrow.Timestamp;
  const lake = type.timezone ? 'timestamptz' : 'timestamp';
  const source = data.values as BigInt64Array;
  const values = new BigInt64Array(source.buffer, source.byteOffset, data.length);
  switch (type.unit) {
    case TimeUnit.MICROSECOND:
      return fixed(data, lake, values);
    case TimeUnit.MILLISECOND:
      return fixed(data, lake, scaled(data, values, 1000n, 'ms', where));
    case TimeUnit.SECOND:
      return fixed(data, lake, scaled(data, values, 1_000_000n, 's', where));
    default:
      return fixed(data, lake, nanosToMicros(data, values, where));
  }
}

function scaled(
  data: Arrow.Data,
  values: BigInt64Array,
  factor: bigint,
  unit: string,
  where: string,
): BigInt64Array {
  const valid = validOf(data);
  return values.map((v, i) => {
    if (valid?.[i] === 0) return 0n;
    const micros = v * factor;
    if (BigInt.asIntN(64, micros) !== micros) throw arrowValueInexact(v, unit, where);
    return micros;
  });
}

function nanosToMicros(data: Arrow.Data, values: BigInt64Array, where: string): BigInt64Array {
  const valid = validOf(data);
  return values.map((v, i) => {
    if (valid?.[i] === 0) return 0n;
    if (v % 1000n !== 0n) throw arrowValueInexact(v, 'ns', where);
    return v / 1000n;
  });
}
