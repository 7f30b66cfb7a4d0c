import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DYNAMODB, standIn } from '../../endpoints';
import type { Maker } from '../resource';

const dynamodb = new DynamoDBClient(standIn(DYNAMODB));

/** A global table of one region is a table: replicas say how it is kept, which a stand-in in memory does not. */
export const globalTable: Maker = async ({ AttributeDefinitions, KeySchema, BillingMode }, TableName) => {
  const input = { TableName, AttributeDefinitions, KeySchema, BillingMode } as CreateTableCommandInput;
  const { TableDescription } = await dynamodb.send(new CreateTableCommand(input));
  return { ref: TableName, attributes: { Arn: arnHere(TableDescription!.TableArn!), TableId: TableName } };
};

/** DynamoDB Local's own region and account are others. */
const arnHere = (arn: string) =>
  arn.replace(/^arn:aws:dynamodb:[^:]*:\d+:/, 'arn:aws:dynamodb:us-east-1:123456789012:');
