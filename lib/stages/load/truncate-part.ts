import { createHash } from 'node:crypto';
import { columnFromScalars } from '../../columnar/kernels';
import type { Scalar } from '../../columnar/types';
import { encodeRowGroup } from '../../parquet/wasm';
import { DATE_RECEIVED, daysOf, ENTRY, OP, POS_MAJOR, POS_MINOR, SOURCE } from '../../table/columns';
import type { LoadFile } from '../../table/load-files';
import { folderOf, type LoadPorts, type Recipe } from './recipe';

/** The part of a replace that stands before its rows: a TRUNCATE at its position. A crash leaves an object that nothing names. */
export async function truncatePart(ports: LoadPorts, recipe: Recipe): Promise<LoadFile> {
  const { load, shape } = recipe;
  const said = new Map<string, Scalar>([
    [OP, 'T'],
    [POS_MAJOR, load.position.major],
    [POS_MINOR, load.position.minor],
    [ENTRY, BigInt(load.entry)],
    [SOURCE, load.id],
    [DATE_RECEIVED, daysOf(load.dateReceived)],
  ]);
  const fields = [...shape.logFields];
  const columns = fields.map(({ name, type }) => columnFromScalars(type, [said.get(name) ?? null]));
  const bytes = encodeRowGroup({ length: 1, fields, columns });
  const key = `${folderOf(recipe)}/truncate-${ports.ids.fresh()}.parquet`;
  await ports.store.putIfAbsent(key, bytes);
  return { key, bytes: bytes.length, rows: 1, sha256: createHash('sha256').update(bytes).digest('hex') };
}
