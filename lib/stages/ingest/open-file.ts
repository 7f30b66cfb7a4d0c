import type { DeclaredColumn, OpenedFile, SourceFile } from '../../formats/format';
import { formatOf } from '../../formats/formats';
import { currentSchema } from '../../iceberg/metadata';
import type { LakePorts } from '../../ports/lake-ports';
import { logTableOf, userFields } from '../../table/columns';
import { openTable } from '../../table/open';
import type { Identified } from './identify';

const BATCH_ROWS = 65_536;
const BATCH_BYTES = 8 << 20;

/** The declared columns first, in their order, then what the table has beyond them. */
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
  return formatOf(file.kind).open({
    file: source,
    columns,
    options,
    batchRows: BATCH_ROWS,
    batchBytes: BATCH_BYTES,
  });
}
