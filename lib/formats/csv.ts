import { csvBatches, firstRows } from './csv-rows';
import type { Format } from './format';
import { dataColumns, layoutOf, plainBookkeeping } from './layout';
import { headerlessNames, headerNames } from './names';

/**
 * Plain CSV (RFC 4180): comma or another delimiter, quoted fields of many lines, LF or CRLF, gzip. The header
 * names the columns; without one (`header: false`) they are the declared columns in their order. Rows are
 * inserts unless the options name an op column.
 */
export const csv: Format = {
  kind: 'csv',
  async open(request) {
    const { file, columns, options } = request;
    const header = options.header ?? true;
    const rows = await firstRows(file, options);
    const declared = columns.map(column => column.name);
    const names = header ? headerNames(rows, file.name) : headerlessNames(rows, [], declared, file.name);
    const layout = layoutOf(names, request, plainBookkeeping(options));
    return { columns: dataColumns(layout), batches: () => csvBatches(request, layout, header) };
  },
};
