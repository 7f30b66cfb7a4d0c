import { TidemarkError } from '../../errors';

/** TM_5261: the stream refused records for as long as was waited; its shards take 1 MiB or 1,000 records a second each. */
export const putRefused = (stream: string, code: string, records: number) =>
  new TidemarkError(
    'TM_5261',
    `the stream went on refusing records (${code}); ${records} keys have records that are not in it`,
    `stream ${stream}`,
    'put all of them again later: positions tell repeats apart; if it stays, give the stream more shards',
  );

/** TM_5262: Kinesis did not say when the stream was made, so its records cannot be told from an older stream's. */
export const streamUnknown = (stream: string) =>
  new TidemarkError(
    'TM_5262',
    'Kinesis gives no name and creation time of the stream',
    `stream ${stream}`,
    'check the name and the region',
  );
