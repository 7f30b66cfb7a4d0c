import { randomUUID } from 'node:crypto';
import {
  type CancellationReason,
  type TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { ItemAction, TransactResult } from '../../ports/items';
import { keyOfAction } from '../item-rules';
import { pause } from './backoff';
import { attributesOf, codedItems, type DynamoTable, keyOf, NAMES, versionOf } from './dynamo-item';
import { triesSpent } from './errors';
import { isTransient, nameOf } from './failures';

/** About 15 seconds of waiting in all; the token below holds for 10 minutes. */
const TRIES_MAX = 10;

/**
 * Writes all actions or none. One token for all tries: a try that follows one whose answer was lost is told that it
 * succeeded, and nothing is written twice. An action counts as blocked only if the item that DynamoDB shows for it
 * contradicts its condition; everything else that cancels a transaction (others at the same items, throttling) is
 * tried again.
 * @throws TM_5205 when no try got an answer that says what became of it
 */
export async function transactItems(
  { client, table }: DynamoTable,
  actions: readonly ItemAction[],
  values: readonly (string | undefined)[],
): Promise<TransactResult> {
  const TransactItems = actions.map((action, i) => writeOf(table, action, values[i]));
  const command = { TransactItems, ClientRequestToken: randomUUID() };
  let failure: unknown;
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    if (attempt > 0) await pause(attempt);
    try {
      await client.send(new TransactWriteItemsCommand(command));
      return { done: true };
    } catch (error) {
      const reasons = reasonsOf(error);
      const blocked = blockedBy(actions, reasons ?? []);
      // Of an action with a conflict nothing is known: `blocked` waits until it can name all.
      const whole = !reasons?.some(({ Code }) => PASSING.has(Code ?? ''));
      if (blocked.length > 0 && (whole || attempt + 1 === TRIES_MAX)) return { done: false, blocked };
      if (!mayPass(error, reasons)) throw codedItems('TransactWriteItems', table, error);
      failure = error;
    }
  }
  const { partition, sort } = keyOfAction(actions[0]!);
  throw triesSpent('TransactWriteItems', `${partition} / ${sort}`, TRIES_MAX, failure);
}

function writeOf(table: string, action: ItemAction, json: string | undefined): TransactWriteItem {
  const condition = conditionOf(action);
  if (!('put' in action) || json === undefined) {
    return { Delete: { TableName: table, Key: keyOf(keyOfAction(action)), ...condition } };
  }
  if (action.if !== undefined) {
    const version = action.if === 'absent' ? 1 : action.if + 1;
    return { Put: { TableName: table, Item: attributesOf(action.put, version, json), ...condition } };
  }
  // Counts the item's writes within DynamoDB: a version read before would be a condition, and this has none.
  return {
    Update: {
      TableName: table,
      Key: keyOf(action.put),
      UpdateExpression: `SET ${NAMES.version} = if_not_exists(${NAMES.version}, :none) + :one, ${NAMES.value} = :value`,
      ExpressionAttributeNames: { [NAMES.version]: 'version', [NAMES.value]: 'value' },
      ExpressionAttributeValues: { ':none': { N: '0' }, ':one': { N: '1' }, ':value': { S: json } },
    },
  };
}

function conditionOf(action: ItemAction) {
  const ReturnValuesOnConditionCheckFailure = 'ALL_OLD' as const;
  if (action.if === undefined) return {};
  if (action.if === 'absent') {
    return {
      ReturnValuesOnConditionCheckFailure,
      ConditionExpression: `attribute_not_exists(${NAMES.version})`,
      ExpressionAttributeNames: { [NAMES.version]: 'version' },
    };
  }
  return {
    ReturnValuesOnConditionCheckFailure,
    ConditionExpression: `${NAMES.version} = :version`,
    ExpressionAttributeNames: { [NAMES.version]: 'version' },
    ExpressionAttributeValues: { ':version': { N: String(action.if) } },
  };
}

/** One for each action, of a transaction that was cancelled. */
function reasonsOf(error: unknown): readonly CancellationReason[] | undefined {
  const cancelled = nameOf(error) === 'TransactionCanceledException';
  return cancelled ? (error as TransactionCanceledException).CancellationReasons : undefined;
}

/** Reasons that say nothing of an action's condition, and are gone in a moment. */
const PASSING = new Set(['TransactionConflict', 'ProvisionedThroughputExceeded', 'ThrottlingError']);

function blockedBy(actions: readonly ItemAction[], reasons: readonly CancellationReason[]): number[] {
  return reasons.flatMap(({ Code, Item }, i) => {
    const action = actions[i];
    if (Code !== 'ConditionalCheckFailed' || action?.if === undefined) return [];
    const stored = versionOf(Item);
    const holds = action.if === 'absent' ? stored === undefined : stored === action.if;
    return holds ? [] : [i];
  });
}

function mayPass(error: unknown, reasons: readonly CancellationReason[] | undefined): boolean {
  if (isTransient(error) || nameOf(error) === 'TransactionInProgressException') return true;
  return (
    !!reasons &&
    reasons.every(
      ({ Code = 'None' }) => Code === 'None' || Code === 'ConditionalCheckFailed' || PASSING.has(Code),
    )
  );
}
