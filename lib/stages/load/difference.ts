import { formatPosition, MAJOR_BITS } from '../../change/position';
import type { CopyPlace, Load } from '../../ledger/loads';

/** What a load is told from another by, as far as it is said of it. */
export interface LoadTraits {
  readonly copy: CopyPlace;
  readonly replaces: boolean;
  readonly newSource?: boolean | undefined;
  readonly dateReceived?: string | undefined;
  /** In the source's own coordinates. */
  readonly at?: { readonly major: bigint; readonly minor: bigint } | undefined;
}

/** What a load that was begun is told from another by. */
export function traitsOf({ copy, replaces, newSource, dateReceived, position }: Load): LoadTraits {
  // The top bits are the source's generation.
  const at = { major: BigInt.asUintN(MAJOR_BITS, position.major), minor: position.minor };
  return { copy, replaces, newSource, dateReceived, at };
}

/**
 * How a load that is under way is another than the one asked for, in words; undefined: it is that one. What nobody asked for
 * is as it is. To go on with a plain load for a replace would leave the rows that were to go.
 */
export function differenceOf(load: LoadTraits, asked: Partial<LoadTraits>): string | undefined {
  if (asked.copy && placeText(asked.copy) !== placeText(load.copy))
    return `it is of ${load.copy.at.join(', ')}`;
  if (asked.replaces && !load.replaces) return 'it replaces nothing';
  if (asked.newSource && !load.newSource) return 'it is of no other source than the changes before';
  if (asked.dateReceived !== undefined && asked.dateReceived !== load.dateReceived)
    return `its date is ${load.dateReceived ?? 'that of its day'}`;
  const { at } = asked;
  if (!at || (at.major === load.at?.major && at.minor === load.at.minor)) return undefined;
  return load.at ? `its position is ${formatPosition(load.at)}` : 'it has no position of its own';
}

const placeText = ({ kind, at, table }: CopyPlace) => JSON.stringify([kind, at, table]);
