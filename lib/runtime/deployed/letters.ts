import { SQSClient } from '@aws-sdk/client-sqs';
import { clientSettings } from '../../adapters/aws/clients';
import { type LetterBox, listLetters, resendLetter } from '../../adapters/aws/dead-letters';
import type { AwsLake } from '../aws';
import type { Environment } from '../aws-config';
import type { DeadLetter, Lake, QueueName } from '../lake';
import { failedBatches } from './failed-batches';
import type { Outputs } from './find';

/** What the lake's functions gave up, queue by queue, then batches of streams. */
export function letters(
  lake: AwsLake,
  outputs: Outputs,
  environment: Environment,
): Pick<Lake, 'deadLetters' | 'resend'> {
  const batches = failedBatches(lake, outputs, environment);
  const client = new SQSClient(clientSettings());
  const boxes = (): Record<QueueName, LetterBox> => ({
    ingest: { queue: outputs('IngestQueue'), deadLetters: outputs('IngestDeadLetters') },
    merge: { queue: outputs('MergeQueue'), deadLetters: outputs('MergeDeadLetters') },
    report: { queue: outputs('ReportQueue'), deadLetters: outputs('ReportDeadLetters') },
  });
  return {
    async deadLetters() {
      const all = Object.entries(boxes()).map(async ([name, box]) => {
        const queue = name as QueueName;
        const found = await listLetters(client, box);
        return found.map(({ id, body, at }): DeadLetter => ({ id, queue, ...aboutOf(queue, body), at }));
      });
      return [...(await Promise.all(all)).flat(), ...(await batches.deadLetters())];
    },
    async resend(letter) {
      const { queue, id } = letter;
      if (queue === 'stream') return batches.resend(letter);
      await resendLetter(client, boxes()[queue], id);
      return [];
    },
  };
}

interface Body {
  readonly table?: string;
  readonly report?: string;
  readonly date?: string;
  readonly Records?: readonly { readonly s3?: { readonly object?: { readonly key?: string } } }[];
}

/** What a message asks to look at, as lib/adapters/aws/wake-ups.ts and S3 write them. */
function aboutOf(queue: QueueName, text: string): Pick<DeadLetter, 'about' | 'table'> {
  const body = parsed(text);
  if (queue === 'merge' && body?.table) return { about: `table ${body.table}`, table: body.table };
  if (queue === 'report' && body?.report) return { about: `report ${body.report} ${body.date}` };
  const keys = (body?.Records ?? []).flatMap(record => record.s3?.object?.key ?? []);
  // S3 writes keys as a form does.
  if (keys.length > 0)
    return { about: keys.map(key => decodeURIComponent(key.replaceAll('+', ' '))).join(', ') };
  return { about: 'a message that no function understands' };
}

function parsed(text: string): Body | undefined {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return undefined;
  }
}
