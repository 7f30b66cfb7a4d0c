import { readFileSync, realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { AvroFault } from '../formats/avro/errors';
import { avroSchema } from '../formats/avro/schema';
import type { Problem } from './errors';
import { leavesFolder } from './folder';
import { show } from './problems';
import type { LakeShape } from './schema';

/**
 * The Avro schemas that tables read their rows as, by table: a config that names files travels with what stands in them.
 * @param folder the config's, absolute: as with reports, nothing outside of it is read
 */
export function readReaders(
  { tables }: Pick<LakeShape, 'tables'>,
  folder: string,
): { readers: ReadonlyMap<string, object>; problems: Problem[] } {
  const readers = new Map<string, object>();
  const problems: Problem[] = [];
  for (const [name, { reader }] of Object.entries(tables)) {
    if (reader === undefined) continue;
    const path = `tables.${name}.reader`;
    const json = typeof reader === 'string' ? fromFile(reader, folder) : reader;
    const message = typeof json === 'string' ? json : faultOf(json);
    if (message !== undefined) problems.push({ path, message });
    else readers.set(name, json as object);
  }
  return { readers, problems };
}

/** The file's JSON, or why it cannot be read. */
function fromFile(reader: string, folder: string): object | string {
  const file = resolve(folder, reader);
  if (leavesFolder(folder, reader))
    return `${show(reader)} leaves the config's folder; keep the schema beside or below the config`;
  try {
    if (!realpathSync(file).startsWith(realpathSync(folder) + sep))
      return `${file} leads out of the config's folder; keep the schema in it`;
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof json === 'object' && json !== null ? json : `${file} has no schema of a record`;
  } catch (error) {
    return error instanceof SyntaxError
      ? `${file} is not JSON: ${error.message}`
      : `${file} cannot be read; write it or mend the path`;
  }
}

function faultOf(json: object): string | undefined {
  try {
    const { type } = avroSchema(json, 'reader');
    return type.typeName === 'record' ? undefined : `a row is a record, not a value of type ${type.typeName}`;
  } catch (error) {
    if (error instanceof AvroFault) return error.said.reason;
    throw error;
  }
}
