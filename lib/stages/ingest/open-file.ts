import { keyNotInFile } from '../../change/errors';
import type { OpenedFile, SourceFile } from '../../formats/format';
import { formatOf } from '../../formats/formats';
import { currentSchema } from '../../iceberg/metadata';
import type { LakePorts } from '../../ports/lake-ports';
import { columnsToRead } from '../../table/columns';
import { openLog } from '../../table/renames';
import { type ColumnNews, checkSlips, columnNews } from './column-news';
import type { Identified } from './identify';
import { whereOf } from './where';

const BATCH_ROWS = 65_536;
const BATCH_BYTES = 8 << 20;

/** A file whose columns are known, and what is new about them. */
export interface Opened extends OpenedFile {
  readonly news: ColumnNews;
}

/**
 * The file, opened with the declared columns first, in their order and as wide as the table has them, then what it has beyond.
 * @throws TM_2204 when it lacks a key column, TM_2116 when it seems to misspell a column
 */
export async function openFormat(ports: LakePorts, file: Identified): Promise<Opened> {
  const log = await openLog(ports, file.table);
  const declared = file.table.columns.length;
  const { table } = file;
  const all = columnsToRead(table, log ? currentSchema(log.metadata).fields : []);
  const source: SourceFile = {
    name: file.object.name,
    size: file.object.info.size,
    stream: () => file.object.landing.stream(file.object.info.key, file.object.info.etag),
    range: (start, end) => file.object.landing.range(file.object.info.key, start, end),
  };
  const options = { ...file.table.format, load: file.load };
  const headerless = file.kind === 'dms-csv' && !options.header && declared > 0;
  const columns = headerless ? all.slice(0, declared) : all;
  const { aliases, others, record } = table;
  const what = { ...whereOf(table), aliases, others, record };
  const request = { file: source, columns, options, ...what, batchRows: BATCH_ROWS, batchBytes: BATCH_BYTES };
  const opened = await formatOf(file.kind).open(request);
  checkKey(file, opened);
  const found = opened.columns.map(c => c.name);
  const known = all.map(c => c.name).filter(name => name !== record.text && name !== record.arrivedAt);
  const news = columnNews(file.table, file.kind, found, known);
  checkSlips(news, file.object.name);
  const { newColumns: _, ...ofDeclared } = news;
  return { ...opened, news: table.others === 'omit' ? ofDeclared : news };
}

/** A file whose columns lack the key says nothing of any row, and its columns must not become the table's. */
function checkKey(file: Identified, opened: OpenedFile): void {
  // JSON lines name their columns row by row: an empty one, or one of TRUNCATEs, has none.
  if (file.kind === 'json-lines') return;
  const missing = file.table.key.find(name => !opened.columns.some(c => c.name === name));
  if (missing === undefined) return;
  const found = opened.columns.map(c => c.name);
  throw keyNotInFile(missing, found, file.object.name);
}
