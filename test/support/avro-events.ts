import { announcement, singleObject } from './avro';
import { bytesOf, columnOf, eventsOf, type TypedChange, type TypedRow, type Value } from './typed-changes';

/** How Avro has a column: its type, the name of that as a branch of a union, and the value. */
interface AvroColumn {
  readonly type: unknown;
  readonly branch: string;
  readonly value: (value: Value) => unknown;
}

const meant = (type: string, logicalType: string, value: AvroColumn['value']): AvroColumn => ({
  type: { type, logicalType },
  branch: type,
  value,
});
const plain = (branch: string, value: AvroColumn['value']): AvroColumn => ({ type: branch, branch, value });
const same = (value: Value) => value;

/** As a service would type what MySQL declares so; what Avro has no type for is a string. */
function avroColumn(name: string): AvroColumn {
  const { mysql, dms } = columnOf(name);
  const decimal = /^decimal\((\d+),(\d+)\)$/.exec(mysql);
  if (decimal) {
    const [precision, scale] = [Number(decimal[1]), Number(decimal[2])];
    const type = { type: 'bytes', logicalType: 'decimal', precision, scale };
    return { type, branch: 'bytes', value: value => bytesOf(value as bigint) };
  }
  if (/^(tiny|small|medium|big)?int|^year/.test(mysql) && mysql !== 'bigint unsigned')
    return plain('long', same);
  if (mysql === 'float' || mysql === 'double') return plain('double', same);
  if (mysql === 'date') return meant('int', 'date', same);
  if (mysql.startsWith('datetime')) return meant('long', 'local-timestamp-micros', same);
  if (mysql.startsWith('timestamp')) return meant('long', 'timestamp-micros', same);
  if (mysql === 'bit(1)') return plain('boolean', same);
  if (/^varbinary|^blob|^bit/.test(mysql)) return plain('bytes', value => Buffer.from(value as Uint8Array));
  return plain('string', value => {
    const json = dms(value);
    return json.startsWith('"') ? JSON.parse(json) : json;
  });
}

function schemaOf(names: readonly string[]): object {
  const fields = names.map(name => ({ name, type: ['null', avroColumn(name).type] }));
  const texts = ['aws_request_id', 'version', 'event_date', 'uuid'];
  return {
    type: 'record',
    name: 'ServiceEvent',
    fields: [
      { name: 'source', type: 'string' },
      { name: 'type', type: 'string' },
      { name: 'data', type: { type: 'record', name: 'Row', fields } },
      ...texts.map(name => ({ name, type: 'string' })),
    ],
  };
}

function dataOf(row: TypedRow): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const { branch, value: of } = avroColumn(name);
      return [name, value === null ? null : { [branch]: of(value) }];
    }),
  );
}

/** ServiceEvents in Avro, each schema announced before the first record of it. */
export function avroEventRecords(changes: readonly TypedChange[], source: string): Uint8Array[] {
  const announced = new Set<string>();
  return eventsOf(changes).flatMap(({ type, row }, i) => {
    const names = Object.keys(row);
    const schema = schemaOf(names);
    const envelope = { version: '1', event_date: '2024-07-29T00:59:07.678294+00:00', uuid: `u-${i}` };
    const value = { source, type, data: dataOf(row), aws_request_id: `r-${i}`, ...envelope };
    const first = !announced.has(names.join());
    announced.add(names.join());
    return [...(first ? [announcement(schema)] : []), singleObject(schema, value)];
  });
}
