import { AvroFault, notAvroSchema } from './errors';

/** As deep as a schema nests. */
const DEPTH_MAX = 64;
/** As many types, fields and names as a schema has. */
const NODES_MAX = 20_000;

/** Which types a meaning is said of; elsewhere it is ignored, as the specification has it. */
const MEANT_OF: ReadonlyMap<string, string> = new Map([
  ['date', 'int'],
  ['time-millis', 'int'],
  ['time-micros', 'long'],
  ['time-nanos', 'long'],
  ['timestamp-millis', 'long'],
  ['timestamp-micros', 'long'],
  ['timestamp-nanos', 'long'],
  ['local-timestamp-millis', 'long'],
  ['local-timestamp-micros', 'long'],
  ['local-timestamp-nanos', 'long'],
]);

/** What Debezium says beside a type, where Avro's own words say nothing. */
const CONNECT_NAMES: ReadonlyMap<unknown, string> = new Map([
  ['io.debezium.time.Date', 'date'],
  ['io.debezium.time.Time', 'time-millis'],
  ['io.debezium.time.MicroTime', 'time-micros'],
  ['io.debezium.time.NanoTime', 'time-nanos'],
  ['io.debezium.time.Timestamp', 'local-timestamp-millis'],
  ['io.debezium.time.MicroTimestamp', 'local-timestamp-micros'],
  ['io.debezium.time.NanoTimestamp', 'local-timestamp-nanos'],
]);

interface Node {
  readonly [attribute: string]: unknown;
}

/**
 * A schema's JSON with nothing in it but what Avro gives a meaning: whatever else stands there is a stranger's, and a
 * library that reads it may stumble.
 * @throws AvroFault with TM_2195
 */
export function cleaned(
  json: unknown,
  role: 'writer' | 'reader',
): { schema: unknown; meanings: ReadonlySet<string> } {
  const meanings = new Set<string>();
  let nodes = 0;
  const clean = (node: unknown, depth: number): unknown => {
    if (depth > DEPTH_MAX) throw refused(`it nests deeper than ${DEPTH_MAX}`);
    if (++nodes > NODES_MAX) throw refused(`it has more than ${NODES_MAX} types`);
    if (typeof node === 'string') return node;
    if (Array.isArray(node)) return node.map(one => clean(one, depth + 1));
    if (typeof node !== 'object' || node === null) throw refused(`${JSON.stringify(node)} is no type`);
    const said = node as Node;
    const { type } = said;
    if (typeof type !== 'string') return clean(type, depth + 1);
    const meaning = meaningOf(said);
    if (meaning) meanings.add(meaning.logicalType);
    return {
      type,
      ...only(said, ['name', 'namespace', 'symbols', 'size']),
      ...(role === 'reader' ? only(said, ['aliases', 'default']) : {}),
      ...(type === 'record' || type === 'error' ? { fields: fieldsOf(said.fields, depth) } : {}),
      ...(type === 'array' ? { items: clean(said.items, depth + 1) } : {}),
      ...(type === 'map' ? { values: clean(said.values, depth + 1) } : {}),
      ...meaning,
    };
  };
  const fieldsOf = (fields: unknown, depth: number) => {
    if (!Array.isArray(fields)) throw refused('a record without fields');
    return fields.map((field: Node) => ({
      name: field?.name,
      type: clean(field?.type, depth + 1),
      ...(role === 'reader' ? only(field, ['aliases', 'default']) : {}),
    }));
  };
  return { schema: clean(json, 0), meanings };
}

const refused = (why: string) => new AvroFault(() => notAvroSchema(why));

function only(node: Node, names: readonly string[]): Node {
  return Object.fromEntries(names.filter(name => node[name] !== undefined).map(name => [name, node[name]]));
}

function meaningOf(node: Node): { logicalType: string; precision?: number; scale?: number } | undefined {
  const { type, logicalType, size } = node;
  const meant = logicalType === undefined ? CONNECT_NAMES.get(node['connect.name']) : logicalType;
  if (typeof meant !== 'string') return undefined;
  if (MEANT_OF.get(meant) === type) return { logicalType: meant };
  if (meant === 'uuid')
    return type === 'string' || (type === 'fixed' && size === 16) ? { logicalType: meant } : undefined;
  if (meant === 'duration') return type === 'fixed' && size === 12 ? { logicalType: meant } : undefined;
  if (meant !== 'decimal' || (type !== 'bytes' && type !== 'fixed')) return undefined;
  const [precision, scale] = [node.precision, node.scale ?? 0];
  const fits = isCount(precision) && isCount(scale) && precision > 0 && scale <= precision;
  return fits ? { logicalType: meant, precision, scale } : undefined;
}

function isCount(n: unknown): n is number {
  return Number.isSafeInteger(n) && (n as number) >= 0;
}
