import type { Field } from '../columnar/types';

/** Columns of position delete files, by reserved ids. @see https://iceberg.apache.org/spec/#position-delete-files */
export const DELETED_PATH: Field = { id: 2147483546, name: 'file_path', type: 'string', required: true };
export const DELETED_POS: Field = { id: 2147483545, name: 'pos', type: 'long', required: true };
