import type { Position } from '../../change/position';
import type { Batch } from '../../columnar/column';
import type { Field } from '../../columnar/types';
import type { ResolvedTable } from '../../config/resolved';
import type { TidemarkError } from '../../errors';
import type { DeclaredColumn } from '../../formats/format';

/** A row that cannot be taken in, by its ordinal in the file and its line. */
export interface SettleFault {
  readonly row: number;
  readonly line: number;
  readonly column?: string;
  readonly code: TidemarkError['code'];
  readonly reason: string;
}

/** Rows as the log holds them, `_source` and `_entry` still to be told by the delta; and what was left out. */
export interface Settled {
  readonly batch: Batch;
  readonly least: Position | undefined;
  readonly greatest: Position | undefined;
  readonly partial: boolean;
  readonly truncates: number;
  readonly faults: readonly SettleFault[];
  /** Rows that `where` does not ask for, without a key that a row of the table could have. */
  readonly leftOut: number;
}

/** How the rows of one file get their positions (PROTOCOL.md, P). */
export interface PositionRule {
  readonly generation: number;
  /** Whether a row's sequence or commit time orders it; the rows of a load stand before every change. */
  readonly ownPositions: boolean;
  /** major and minor of a row without a sequence or commit time of its own, by its ordinal. */
  readonly ofRow: (row: number) => { major: bigint; minor: bigint };
  /** minor of a row ordered by its commit time. One transaction may be cut into several files. */
  readonly withinCommit: (row: number) => bigint;
}

export interface SettleContext {
  readonly table: ResolvedTable;
  /** The file's columns as the decoder gives them. */
  readonly columns: readonly DeclaredColumn[];
  /** Whether rows name their columns, each its own: then one that none of them names was left out by each. */
  readonly namedByRow: boolean;
  /** The log table's fields. */
  readonly fields: readonly Field[];
  readonly rule: PositionRule;
  readonly dateReceived: string;
  /** Only these rows of the file, by ordinal. */
  readonly onlyRows?: ReadonlySet<number>;
}
