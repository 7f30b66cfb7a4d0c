import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Items } from '../../ports/items';
import { checkItemKey, checkPartition, checkSortBound, checkTransaction } from '../item-rules';
import { codedItems, itemOf, keyOf } from './dynamo-item';
import { queryItems } from './dynamo-query';
import { transactItems } from './dynamo-transact';

/**
 * Items in one DynamoDB table, whose key is `partition` (S, hash) and `sort` (S, range); what is in them is said by
 * lib/ledger/keys.ts. Reads are consistent. The client's own retries stay on: reads change nothing, and a transaction
 * carries a token under which it is applied once.
 */
export function dynamoItems(client: DynamoDBClient, table: string): Items {
  const place = { client, table };
  return {
    async get(key) {
      checkItemKey(key);
      try {
        const command = new GetItemCommand({ TableName: table, Key: keyOf(key), ConsistentRead: true });
        const { Item } = await client.send(command);
        return Item && itemOf(Item);
      } catch (error) {
        throw codedItems('GetItem', table, error);
      }
    },
    async query(partition, prefix, options = {}) {
      checkPartition(partition);
      checkSortBound(partition, prefix);
      if (options.after !== undefined) checkSortBound(partition, options.after);
      return queryItems(place, partition, prefix, options);
    },
    async transact(actions) {
      const values = checkTransaction(actions);
      return actions.length === 0 ? { done: true } : transactItems(place, actions, values);
    },
  };
}
