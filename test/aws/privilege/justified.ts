/** A right that a run need not use, and why a function has it all the same. */
interface Justified {
  /** `action resource`, as a statement writes them. */
  readonly right: RegExp;
  /** Default: all. */
  readonly functions?: readonly string[];
  readonly why: string;
}

const JUSTIFIED: readonly Justified[] = [
  {
    right: /^sqs:(?:ChangeMessageVisibility|GetQueueUrl) /,
    why: "The CDK's event source of a queue grants them.",
  },
  {
    right: /^kinesis:(?:DescribeStreamConsumer|ListStreams|SubscribeToShard) /,
    functions: ['ingest-stream'],
    why: "The CDK's event source of a stream grants them.",
  },
  {
    right: /^dynamodb:(?:Put|Update|Delete)Item /,
    why: 'Whoever writes the ledger has every kind of write that a transaction is made of.',
  },
  {
    right: /^s3:AbortMultipartUpload /,
    why: 'Takes back the parts of a large object of which one could not be put.',
  },
  { right: /^s3:ListBucket /, why: 'Tells a missing object from a refused one.' },
  {
    right: /^s3:GetObject .*\/(?:deltas|quarantine|deltas\/\*\/joined)\/\*$/,
    functions: ['ingest-files', 'ingest-stream', 'compact'],
    why: 'Looks what stands there after a put whose answer was lost.',
  },
  {
    right: /^s3:(?:Get|Put)Object .*\/\*\/data\/\*$/,
    functions: ['compact'],
    why: 'Joins small files of a partition; the run joins those of a log.',
  },
  {
    right: /^sqs:SendMessage /,
    functions: ['merge'],
    why: 'Hands on what it has no time for.',
  },
  {
    right: /^sqs:SendMessage .*Ingest/,
    functions: ['ingest-files'],
    why: 'Announces anew what it has no time for.',
  },
  {
    right: /^athena:GetQueryExecution /,
    functions: ['merge', 'sweep'],
    why: "Looks at a view's query that has not been seen to end.",
  },
  {
    right: /^athena:StartQueryExecution /,
    functions: ['sweep'],
    why: 'Starts the query of a view again that failed or was forgotten.',
  },
  {
    right: /^s3:GetObject .*\/(?:\*\/data|deltas)\/\*$/,
    functions: ['sweep'],
    why: 'Reads footers of a log, which the text of its history view depends on.',
  },
  {
    right: /^sqs:SendMessage .*Merge/,
    functions: ['sweep'],
    why: 'Wakes a table whose own wake-up was lost.',
  },
  {
    right: /^s3:GetObject [^/]*\/\*$/,
    functions: ['load'],
    why: 'Reads the LOAD objects of a reload, which wait in the landing.',
  },
  {
    right: /^glue:UpdateTable /,
    functions: ['load'],
    why: 'A copy that has columns which the log lacks gives them to it.',
  },
  {
    right: /^s3:DeleteObject .*\/(?:deltas|staging|quarantine)\/\*$/,
    functions: ['vacuum'],
    why: 'Removes joined deltas, what failed reports left and copies that were replayed, when nothing names them.',
  },
];

export function isJustified(name: string, right: string): boolean {
  return JUSTIFIED.some(one => one.right.test(right) && (one.functions?.includes(name) ?? true));
}
