import { csvBatches, firstRows } from './csv-rows';
import type { DecodeRequest, Format } from './format';
import { dataColumns, dmsBookkeeping, layoutOf } from './layout';
import { headerlessNames, headerNames } from './names';

/**
 * CSV as AWS DMS writes it to S3: the op (I, U, D) first, then the commit time if the options name it, then
 * the columns; with AddColumnName a header that names them all. Load files may lack the op.
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html
 */
export const dmsCsv: Format = {
  kind: 'dms-csv',
  async open(request) {
    const { file, options } = request;
    const header = options.header ?? false;
    const rows = await firstRows(file, options);
    const names = header ? headerNames(rows, file.name) : dmsNames(rows, request);
    const layout = layoutOf(names, request, dmsBookkeeping(options));
    return { columns: dataColumns(layout), batches: () => csvBatches(request, layout, header) };
  },
};

/**
 * The names of a headerless file. With IncludeOpForFullLoad a load file has the op too: it is one field wider
 * than the columns, and that field is I throughout.
 */
function dmsNames(rows: readonly (readonly string[])[], request: DecodeRequest): readonly string[] {
  const { columns, options, file } = request;
  const declared = columns.map(column => column.name);
  const named = [options.timestampColumn, options.sequenceColumn];
  const lead = named.filter(name => name !== undefined && !declared.includes(name)) as string[];
  const op = dmsBookkeeping(options).op!;
  const full = lead.length + declared.length;
  const hasOp =
    !options.load || (rows.length > 0 && rows.every(row => row[0] === 'I' && row.length === full + 1));
  if (hasOp && !declared.includes(op)) lead.unshift(op);
  return headerlessNames(rows, lead, declared, file.name);
}
