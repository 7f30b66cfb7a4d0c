import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { duckDbCopyEngine } from '../../../lib/adapters/local/duckdb-copy';
import { columnFromScalars } from '../../../lib/columnar/kernels';
import type { Field, PrimitiveType, Scalar } from '../../../lib/columnar/types';
import { encodeRowGroup } from '../../../lib/parquet/wasm';
import type { CopyEngine, LoadMark, LocalFile, SplitOrder } from '../../../lib/ports/copy-engine';
import { LOG_COLUMNS } from '../../../lib/table/columns';
import { rowsOf } from '../../parquet/files';
import { SCRATCH } from '../../support/scratch';

export const MARK: LoadMark = {
  major: 7n << 53n,
  minor: 3n,
  entry: 5,
  source: "load-'1'",
  dateReceived: '2024-02-29',
};
export const LIMITS = { rowGroupRowsMax: 122_880, rowGroupBytesMax: 8 << 20 };

/** Fields of a log: the user's under ids from 11, then the lake's own. */
export function logFields(columns: Readonly<Record<string, PrimitiveType>>): Field[] {
  const own = Object.entries(columns).map(([name, type]) => ({ name, type }));
  return [...own, ...LOG_COLUMNS].map((c, i) => ({ id: 11 + i, ...c, required: false }));
}

export const fieldsNamed = (fields: readonly Field[], ...names: string[]) =>
  names.map(name => fields.find(f => f.name === name)!);

/** A folder of a test's files, and an engine; pathological letters in its name. */
export class LoadFolder {
  readonly root = mkdtempSync(join(SCRATCH, "tm-load-[a]*'-"));
  readonly engine: CopyEngine = duckDbCopyEngine({ tempFolder: join(this.root, 'temp') });
  private made = 0;

  path(name: string): string {
    return join(this.root, name);
  }

  fresh(): string {
    return this.path(`out-${this.made++}`);
  }

  write(name: string, bytes: string | Uint8Array): LocalFile {
    writeFileSync(this.path(name), bytes);
    return { path: this.path(name), name };
  }

  parquet(name: string, fields: readonly Field[], rows: readonly (readonly Scalar[])[]): LocalFile {
    const columns = fields.map((f, i) =>
      columnFromScalars(
        f.type,
        rows.map(row => row[i]!),
      ),
    );
    return this.write(name, encodeRowGroup({ length: rows.length, fields, columns }));
  }

  /** Parquet of nothing but text. */
  text(name: string, columns: readonly string[], rows: readonly (readonly (string | null)[])[]): LocalFile {
    const fields = columns.map(
      (column, i): Field => ({
        id: i + 1,
        name: column,
        type: 'string',
        required: false,
      }),
    );
    return this.parquet(name, fields, rows);
  }

  order(order: Pick<SplitOrder, 'copy' | 'fields'> & Partial<SplitOrder>): SplitOrder {
    return {
      derive: {},
      key: [],
      mark: MARK,
      partitionBy: [],
      folder: this.fresh(),
      limits: LIMITS,
      ...order,
    };
  }

  async close(): Promise<void> {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** All rows of a file, by our own reader. */
export function rowsIn(file: string, fields: readonly Field[]): Scalar[][] {
  return rowsOf(readFileSync(file), fields);
}
