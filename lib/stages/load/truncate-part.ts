import { columnFromScalars } from '../../columnar/kernels';
import type { Scalar } from '../../columnar/types';
import { ENTRY, OP, POS_MAJOR, POS_MINOR, SOURCE } from '../../table/columns';
import type { LoadFile } from '../../table/load-files';
import { writeFiles } from '../../table/write-files';
import { folderOf, type LoadPorts, type Recipe } from './recipe';

/** The part of a replace that stands before its rows: a TRUNCATE at its position. A crash leaves an object that nothing names. */
export async function truncatePart(ports: LoadPorts, recipe: Recipe): Promise<LoadFile> {
  const { load, shape, limits } = recipe;
  const said = new Map<string, Scalar>([
    [OP, 'T'],
    [POS_MAJOR, load.position.major],
    [POS_MINOR, load.position.minor],
    [ENTRY, BigInt(load.entry)],
    [SOURCE, load.id],
  ]);
  const fields = [...shape.logFields];
  const columns = fields.map(({ name, type }) => columnFromScalars(type, [said.get(name) ?? null]));
  const rows = async function* () {
    yield { length: 1, fields, columns };
  };
  const place = {
    folder: `${folderOf(recipe)}/truncate`,
    fields,
    specId: 0,
    partition: [],
    sortOrderId: null,
  };
  const [file] = await writeFiles(ports, place, rows(), limits);
  return { key: ports.store.keyOf(file!.path), bytes: file!.size, rows: 1 };
}
