import type { ObjectStore } from '../../../ports/object-store';
import { exportDamaged, exportFailed, exportRunning, noExport } from '../errors';
import { type JsonRecord, numberIn, parseRecord, recordOf, textIn } from './json';
import { folderUri } from './listing';
import type { ExportedColumn } from './rds-types';

/** A table as the export describes it. */
export interface ExportedTable {
  /** `db.table`, or `db.schema.table`. */
  readonly target: string;
  readonly status: string;
  readonly warning?: string;
  readonly columns: readonly ExportedColumn[];
}

const INFO = /^export_info_.*\.json$/;
const TABLES_INFO = /^export_tables_info_.*\.json$/;
const RANGE = /_from_(\d+)_to_(\d+)\.json$/;
/** Everything else that RDS says of an export is on its way to one of these. */
const ENDED = ['FAILED', 'CANCELED', 'CANCELLED'];

/**
 * The tables of an export, by target, as the JSON files in its folder describe them.
 * @throws TM_2701 without an export, TM_2702 while it runs, TM_2703 when it failed, TM_2704 when its JSON is not whole
 */
export async function readDescription(
  store: ObjectStore,
  folder: string,
): Promise<ReadonlyMap<string, ExportedTable>> {
  const keys: string[] = [];
  for await (const { key } of store.list(`${folder}export_`)) keys.push(key);
  const named = (form: RegExp) => keys.filter(key => form.test(key.slice(folder.length)));
  const infos = named(INFO);
  const where = folderUri(store, folder);
  if (infos.length !== 1) throw noExport(infos.length, where);
  checkComplete(await readJson(store, infos[0]!), store.uri(infos[0]!));
  const parts = named(TABLES_INFO);
  checkParts(parts, where);
  const tables = new Map<string, ExportedTable>();
  for (const key of parts) {
    for (const table of tablesOf(await readJson(store, key), store.uri(key))) tables.set(table.target, table);
  }
  return tables;
}

async function readJson(store: ObjectStore, key: string): Promise<JsonRecord> {
  const record = parseRecord((await store.get(key)) ?? new Uint8Array());
  if (!record) throw exportDamaged('the file is no JSON object', store.uri(key));
  return record;
}

function checkComplete(info: JsonRecord, where: string): void {
  const status = textIn(info.status)?.toUpperCase();
  if (status === undefined) throw exportDamaged('the file says no status', where);
  if (status === 'COMPLETE') return;
  if (ENDED.includes(status)) throw exportFailed(status, textIn(info.failureCause), where);
  throw exportRunning(status, numberIn(info.percentProgress), where);
}

/** `..._from_1_to_96.json`, `..._from_97_to_120.json`: a gap is a file that was not copied along. */
function checkParts(keys: readonly string[], where: string): void {
  if (keys.length === 0) throw exportDamaged('there is no export_tables_info_*.json', where);
  const ranges = keys
    .flatMap(key => {
      const match = RANGE.exec(key);
      return match ? [{ from: Number(match[1]), to: Number(match[2]) }] : [];
    })
    .sort((a, b) => a.from - b.from);
  let described = 0;
  for (const { from, to } of ranges) {
    if (from > described + 1)
      throw exportDamaged(`no export_tables_info_*.json has tables ${described + 1} to ${from - 1}`, where);
    described = Math.max(described, to);
  }
}

/** Entries of whole databases, which bear warnings, are no tables. */
function tablesOf(info: JsonRecord, where: string): ExportedTable[] {
  if (!Array.isArray(info.perTableStatus)) throw exportDamaged('the file has no perTableStatus', where);
  return info.perTableStatus.flatMap((value: unknown) => {
    const entry = recordOf(value);
    const target = textIn(entry?.target);
    if (!entry || target === undefined)
      throw exportDamaged('an entry of perTableStatus has no target', where);
    if (!target.includes('.')) return [];
    const mappings: unknown = recordOf(entry.schemaMetadata)?.originalTypeMappings;
    const columns = Array.isArray(mappings) ? mappings.map(mapping => columnOf(mapping, where)) : [];
    const status = textIn(entry.status)?.toUpperCase() ?? 'no status';
    return [{ target, status, warning: textIn(entry.warningMessage), columns }];
  });
}

function columnOf(mapping: unknown, where: string): ExportedColumn {
  const entry = recordOf(mapping);
  const name = textIn(entry?.columnName);
  const originalType = textIn(entry?.originalType);
  if (!entry || name === undefined || originalType === undefined)
    throw exportDamaged('an entry of originalTypeMappings has no columnName or originalType', where);
  return {
    name,
    originalType,
    exportedType: textIn(entry.expectedExportedType),
    precision: numberIn(entry.originalNumPrecision),
  };
}
