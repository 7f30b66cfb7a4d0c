import { keyNotInFile } from '../../change/errors';
import type { DeclaredColumn, OpenedFile, SourceFile } from '../../formats/format';
import { formatOf } from '../../formats/formats';
import { currentSchema } from '../../iceberg/metadata';
import type { LakePorts } from '../../ports/lake-ports';
import { logTableOf, userFields } from '../../table/columns';
import { openTable } from '../../table/open';
import type { Identified } from './identify';

const BATCH_ROWS = 65_536;
const BATCH_BYTES = 8 << 20;

/**
 * The file, opened with the declared columns first, in their order, then what the table has beyond them.
 * @throws TM_2204 when it lacks a key column
 */
export async function openFormat(ports: LakePorts, file: Identified): Promise<OpenedFile> {
  const log = await openTable(ports, logTableOf(file.table.name));
  const known = log ? userFields(currentSchema(log.metadata).fields) : [];
  const declared: DeclaredColumn[] = [...file.table.columns];
  const extra = known.filter(f => !declared.some(c => c.name === f.name));
  const headerless = declared.length > 0 ? declared : extra;
  const source: SourceFile = {
    name: file.object.name,
    size: file.object.info.size,
    stream: () => file.object.landing.stream(file.object.info.key, file.object.info.etag),
    range: (start, end) => file.object.landing.range(file.object.info.key, start, end),
  };
  const options = { ...file.table.format, load: file.load };
  const columns = file.kind === 'dms-csv' && !options.header ? headerless : [...declared, ...extra];
  const request = { file: source, columns, options, batchRows: BATCH_ROWS, batchBytes: BATCH_BYTES };
  const opened = await formatOf(file.kind).open(request);
  checkKey(file, opened);
  return opened;
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
