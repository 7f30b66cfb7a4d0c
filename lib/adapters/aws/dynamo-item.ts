import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { TidemarkError } from '../../errors';
import type { Item, ItemKey, ItemValue } from '../../ports/items';
import { awsDenied, awsFailed, awsMissing } from './errors';
import { isDenied, nameOf } from './failures';

export interface DynamoTable {
  readonly client: DynamoDBClient;
  readonly table: string;
}

export type Attributes = Record<string, AttributeValue>;

/** `partition`, `value` and others are words of DynamoDB's expressions and must be written otherwise there. */
export const NAMES = {
  partition: '#partition',
  sort: '#sort',
  version: '#version',
  value: '#value',
} as const;

export function keyOf(key: ItemKey): Attributes {
  return { partition: { S: key.partition }, sort: { S: key.sort } };
}

/**
 * An item as it is stored. The value is one string of JSON: DynamoDB's own maps hold no number beyond 38 digits or
 * 1e125, and no lone surrogate.
 */
export function attributesOf(key: ItemKey, version: number, json: string): Attributes {
  return { ...keyOf(key), version: { N: String(version) }, value: { S: json } };
}

export function itemOf(stored: Attributes): Item {
  return {
    partition: stored.partition?.S ?? '',
    sort: stored.sort?.S ?? '',
    version: versionOf(stored) ?? 0,
    value: JSON.parse(stored.value?.S ?? '{}') as ItemValue,
  };
}

/** Undefined when there is no item: DynamoDB says so by nothing, or by an item without attributes. */
export function versionOf(stored: Attributes | undefined): number | undefined {
  const version = stored?.version?.N;
  return version === undefined ? undefined : Number(version);
}

/** The coded error of a failed call to the ledger's table. */
export function codedItems(call: string, table: string, error: unknown): unknown {
  if (error instanceof TidemarkError) return error;
  if (nameOf(error) === 'ResourceNotFoundException') return awsMissing(call, `ledger ${table}`, error);
  if (isDenied(error)) return awsDenied(call, `ledger ${table}`, error);
  return awsFailed(call, `ledger ${table}`, error);
}
