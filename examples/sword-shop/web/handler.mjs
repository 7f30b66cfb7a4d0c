import { randomUUID } from 'node:crypto';
import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { visit } from './game.mjs';

const client = new KinesisClient();

/** The game behind an HTTP API. Its role may put into the stream, so it need not ask the intake to. */
export async function handler({ rawPath, headers }) {
  const found = visit(rawPath, Object.entries(headers));
  if (!found) return { statusCode: 404, body: 'Nothing here.\n' };
  await put(found.event);
  return { statusCode: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: found.reply };
}

/** An event as the intake writes it (docs/16-events.md): where a put is made again, its id is the same. */
async function put(data) {
  const id = randomUUID();
  const event = { tidemark: 'event', id, table: 'events', received_at: new Date().toISOString(), data };
  const Data = Buffer.from(JSON.stringify(event));
  await client.send(new PutRecordCommand({ StreamARN: process.env.STREAM, PartitionKey: id, Data }));
}
