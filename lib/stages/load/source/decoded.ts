import type { ResolvedTable } from '../../../config/resolved';
import { detect } from '../../../formats/detect';
import type { DeclaredColumn, FormatKind, OpenedFile, SourceFile } from '../../../formats/format';
import { formatOf } from '../../../formats/formats';
import type { ObjectStore } from '../../../ports/object-store';
import { mapAtOnce } from '../../../table/at-once';
import { formatUnknown, mixedSchemas } from '../errors';
import type { CopyFile, CopyFormat, CopySource, TableCopy } from './copy';

/**
 * A source whose files of text are read as ingest reads them, by the table's own declarations and format: a value means
 * the same whether it comes with a copy or a change. Parquet says itself what it holds.
 */
export function decodedSource(source: CopySource, store: ObjectStore, table: ResolvedTable): CopySource {
  return {
    tables: source.tables,
    async copyOf(name) {
      const copy = await source.copyOf(name);
      return copy.format === 'parquet' ? copy : { ...copy, columns: await columnsOf(store, table, copy) };
    },
  };
}

/** Files that are opened at once. */
const AT_ONCE = 16;

/** Their columns; of JSON, whose rows need not have all, those that any has. @throws TM_2712 where files have different ones */
async function columnsOf(
  store: ObjectStore,
  table: ResolvedTable,
  { files, format }: Pick<TableCopy, 'files' | 'format'>,
): Promise<readonly DeclaredColumn[]> {
  const found = await mapAtOnce(
    files,
    AT_ONCE,
    async file => (await openDecoded(store, table, file, format)).columns,
  );
  const all = new Map(found.flat().map(column => [column.name, column]));
  const different = found.flatMap((columns, i) => {
    const lacking = [...all.keys()].filter(name => !columns.some(column => column.name === name));
    return format === 'json' || lacking.length === 0 ? [] : [`${files[i]!.uri}: no ${lacking.join(', ')}`];
  });
  if (different.length > 0) throw mixedSchemas(table.name, different);
  return [...all.values()];
}

const BATCH_ROWS = 65_536;
const BATCH_BYTES = 8 << 20;

/**
 * A file of text, or a LOAD object of DMS, its rows inserts. A column that is derived anew stays as it is written.
 * @throws TM_2709, and TM_21xx to TM_22xx for a file that cannot be read
 */
export function openDecoded(
  store: ObjectStore,
  table: ResolvedTable,
  { key, bytes, etag, uri }: CopyFile,
  format: CopyFormat,
): Promise<OpenedFile> {
  const kind = kindOf(table, key, format);
  if (!kind) throw formatUnknown(table.name, [uri]);
  const file: SourceFile = {
    name: key.slice(key.lastIndexOf('/') + 1),
    size: bytes,
    stream: () => store.stream(key, etag),
    range: (start, end) => store.range(key, start, end),
  };
  const columns = table.columns.filter(({ name }) => !Object.hasOwn(table.load.derive, name));
  const options = { ...table.format, load: true };
  const limits = { batchRows: BATCH_ROWS, batchBytes: BATCH_BYTES };
  return formatOf(kind).open({ file, columns, options, ...limits });
}

function kindOf(table: ResolvedTable, key: string, format: CopyFormat): FormatKind | undefined {
  if (format === 'csv') return 'csv';
  return format === 'json' ? 'json-lines' : (table.format?.kind ?? detect(key)?.format);
}
