/** Wire types of the Thrift compact protocol, as Parquet uses it (it has no maps). */
export const ThriftType = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
} as const;

export interface ThriftField {
  readonly id: number;
  readonly type: number;
  readonly value: ThriftValue;
}

export interface ThriftStruct {
  readonly fields: readonly ThriftField[];
}

export interface ThriftList {
  readonly element: number;
  readonly items: readonly ThriftValue[];
}

/** Integers are numbers while they are safe and bigints beyond. doubles stay their 8 bytes. Booleans in lists stay bytes. */
export type ThriftValue = boolean | number | bigint | Uint8Array | ThriftStruct | ThriftList;
