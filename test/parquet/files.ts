import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Batch } from '../../lib/columnar/column';
import { valueAt } from '../../lib/columnar/kernels';
import type { Field, Scalar } from '../../lib/columnar/types';
import { FileAssembler } from '../../lib/parquet/assemble';
import { footerOfFile } from '../../lib/parquet/footer';
import { chunkRanges, columnsFor, decodeRowGroup } from '../../lib/parquet/read';
import { type EncodeOptions, encodeRowGroup } from '../../lib/parquet/wasm';

/** One file of the batches, a row group each. */
export function fileOf(batches: readonly Batch[], options?: EncodeOptions): Buffer {
  const assembler = new FileAssembler();
  const parts = [assembler.start(), ...batches.map(b => assembler.add(encodeRowGroup(b, options)))];
  return Buffer.concat([...parts, assembler.finish()]);
}

/** The rows of a whole file, read range by range as a reader on object storage does. */
export function rowsOf(file: Uint8Array, fields: readonly Field[]): Scalar[][] {
  const footer = footerOfFile(file);
  const columns = columnsFor(footer, fields);
  return footer.rowGroups.flatMap((_, g) => {
    const chunks = chunkRanges(footer, g, columns).map(r => file.subarray(r.start, r.end));
    const batch = decodeRowGroup(footer, g, fields, chunks);
    return batchRows(batch);
  });
}

export function batchRows(batch: Batch): Scalar[][] {
  return Array.from({ length: batch.length }, (_, i) => batch.columns.map(c => valueAt(c, i)));
}

/** DuckDB over files in a folder of its own. */
export class Duck {
  private constructor(
    private readonly folder: string,
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
  ) {}

  static async open(): Promise<Duck> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new Duck(mkdtempSync(join(tmpdir(), 'tidemark-parquet-')), instance, connection);
  }

  write(name: string, bytes: Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async rows(sql: string): Promise<unknown[][]> {
    return (await this.connection.runAndReadAll(sql)).getRows();
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
    rmSync(this.folder, { recursive: true });
  }
}
