import type { RowFault } from '../errors';

/** TM_2193: a record in Avro whose bytes are not what its writer's schema says; or a record that should be Avro and is not. */
export const badAvro = (reason: string, column?: string): RowFault => ({
  code: 'TM_2193',
  reason: `no value of its Avro schema: ${reason}`,
  ...(column === undefined ? {} : { column }),
});

/** TM_2194: the writer's schema and the reader's do not resolve, or a value's type has no place in the lake. */
export const unresolvable = (reason: string, column?: string): RowFault => ({
  code: 'TM_2194',
  reason: `the schema of its writer cannot be read as the reader's: ${reason}`,
  ...(column === undefined ? {} : { column }),
});

/** TM_2195: what is announced, or declared as a reader, is no Avro schema. */
export const notAvroSchema = (reason: string): RowFault => ({
  code: 'TM_2195',
  reason: `no Avro schema: ${reason.slice(0, 200)}`,
});

/** TM_2195: a schema whose fingerprint is that of another, which stands: fingerprints leave out logical types. */
export const otherMeaning = (fingerprint: string) =>
  notAvroSchema(
    `another of fingerprint ${fingerprint} was announced before, with other logical types: name the record otherwise`,
  );

/** Stops the reading of one record or schema; the path of fields grows on the way out. */
export class AvroFault extends Error {
  private readonly path: string[] = [];

  constructor(private readonly fault: (column?: string) => RowFault) {
    super('avro');
  }

  within(field: string): this {
    this.path.unshift(field);
    return this;
  }

  get said(): RowFault {
    return this.fault(this.path.length === 0 ? undefined : this.path.join('.'));
  }
}

/** A stop for bytes that are not as their schema says. */
export const broken = (reason: string) => new AvroFault(column => badAvro(reason, column));
