import { QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../ports/items';
import { compareKeys } from '../keys';
import { type Attributes, codedItems, type DynamoTable, itemOf, keyOf, NAMES } from './dynamo-item';

/** Items of a partition whose sort key starts with `prefix`, page after page until `limit` or the end. */
export async function queryItems(
  { client, table }: DynamoTable,
  partition: string,
  prefix: string,
  {
    after,
    limit = Number.POSITIVE_INFINITY,
    reverse = false,
  }: { after?: string; limit?: number; reverse?: boolean },
): Promise<Item[]> {
  const cursor = cursorOf(prefix, after, reverse);
  if (cursor === 'past' || limit <= 0) return [];
  const items: Item[] = [];
  let from: Attributes | undefined =
    cursor === 'before' ? undefined : keyOf({ partition, sort: cursor.sort });
  try {
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          ScanIndexForward: !reverse,
          ...conditionOf(partition, prefix),
          ...(from ? { ExclusiveStartKey: from } : {}),
          ...(Number.isFinite(limit) ? { Limit: limit - items.length } : {}),
        }),
      );
      items.push(...(page.Items ?? []).map(itemOf));
      from = page.LastEvaluatedKey;
    } while (from && items.length < limit);
    return items;
  } catch (error) {
    throw codedItems('Query', table, error);
  }
}

function conditionOf(partition: string, prefix: string) {
  const whole = {
    KeyConditionExpression: `${NAMES.partition} = :partition`,
    ExpressionAttributeNames: { [NAMES.partition]: 'partition' } as Record<string, string>,
    ExpressionAttributeValues: { ':partition': { S: partition } } as Attributes,
  };
  if (prefix === '') return whole;
  return {
    KeyConditionExpression: `${whole.KeyConditionExpression} AND begins_with(${NAMES.sort}, :prefix)`,
    ExpressionAttributeNames: { ...whole.ExpressionAttributeNames, [NAMES.sort]: 'sort' },
    ExpressionAttributeValues: { ...whole.ExpressionAttributeValues, ':prefix': { S: prefix } },
  };
}

/**
 * Where to go on: DynamoDB refuses a start that lies outside the keys with the prefix. Such a one stands before all
 * of them or past all of them, in the direction of reading.
 */
function cursorOf(
  prefix: string,
  after: string | undefined,
  reverse: boolean,
): 'before' | 'past' | { readonly sort: string } {
  // An empty sort key stands before all others, and is none to start from.
  if (after === undefined || (after === '' && !reverse)) return 'before';
  if (after === '') return 'past';
  if (after.startsWith(prefix)) return { sort: after };
  return compareKeys(after, prefix) < 0 === reverse ? 'past' : 'before';
}
