import { memoryStream } from '../../../lib/adapters/memory/change-stream';
import { fixedClock } from '../../../lib/adapters/memory/clock';
import { changeStreamContract } from '../../contracts/change-stream.contract';

changeStreamContract('memoryStream', async () => {
  const stream = memoryStream(fixedClock(Date.now()), 2);
  let splits = 0;
  return {
    stream,
    async reshard() {
      if (splits++ % 2 === 0) stream.split((await stream.shards())[0]!.id);
      else stream.join('shardId-000000000002', 'shardId-000000000001');
    },
  };
});
