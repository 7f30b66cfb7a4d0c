import { TidemarkError } from '../../errors';
import type { BadRow, DecodedBatch } from '../../formats/format';
import type { QuarantinedRow } from '../../ledger/quarantine';
import type { LakePorts } from '../../ports/lake-ports';
import { badRows } from './errors';
import type { Identified } from './identify';
import type { Ingested, IngestOptions } from './request';
import { setAside } from './set-aside';
import type { Settled } from './settled';

/** Bad rows listed in a quarantine record of a whole file. */
const LISTED_ROWS_MAX = 100;
/** With more bad rows than one record holds the file waits whole, whatever the policy. */
const ROWS_ASIDE_MAX = 1000;

/** Rows of one file that cannot be taken in, and what that means for the others. */
export class BadRows {
  count = 0;
  private readonly rows: QuarantinedRow[] = [];

  constructor(private wholeFile: boolean) {}

  /** With the file's policy nothing more of it is written once one row is bad; the rest is read for the list. */
  get stops(): boolean {
    return this.wholeFile && this.count > 0;
  }

  add(decoded: DecodedBatch, settled: Settled, only: ReadonlySet<number> | undefined): void {
    for (const row of decoded.bad) if (!only || only.has(row.row)) this.note(listed(row));
    for (const fault of settled.faults) this.note(fault);
  }

  outcome(taken: number): Ingested['outcome'] {
    if (this.count > 0) return 'rows-quarantined';
    return taken > 0 ? 'taken-in' : 'empty';
  }

  private note(row: QuarantinedRow): void {
    this.count++;
    if (this.count > ROWS_ASIDE_MAX) this.wholeFile = true;
    if (!this.wholeFile || this.rows.length < LISTED_ROWS_MAX) this.rows.push(row);
  }

  /** Puts the file aside as the policy says; the outcome when nothing of it may count. */
  async hold(ports: LakePorts, file: Identified, request: IngestOptions): Promise<Ingested | undefined> {
    if (this.count === 0) return undefined;
    const first = this.rows[0]!;
    const text = `line ${first.line}${first.column ? `, column ${first.column}` : ''}: ${first.reason}`;
    const error = new TidemarkError(
      first.code as 'TM_2304',
      badRows(this.count, text, '').what,
      file.object.name,
      NEXT,
    );
    const scope = this.wholeFile ? 'file' : 'rows';
    const rows = this.wholeFile ? this.rows.slice(0, LISTED_ROWS_MAX) : this.rows;
    const held = await setAside(ports, file, { error, rows, badRows: this.count, scope }, request);
    return this.wholeFile ? held : undefined;
  }
}

const NEXT = 'mend the config or the file, then replay it';

function listed({ row, line, column, code, reason }: BadRow): QuarantinedRow {
  return { row, line, ...(column === undefined ? {} : { column }), code, reason };
}
