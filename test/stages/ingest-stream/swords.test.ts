import { join } from 'node:path';
import { memoryStream } from '../../../lib/adapters/memory/change-stream';
import { fixedClock } from '../../../lib/adapters/memory/clock';
import { memoryStore } from '../../../lib/adapters/memory/object-store';
import { loadConfig } from '../../../lib/config/load';
import { listQuarantined } from '../../../lib/ledger/quarantine';
import { ingestRecords } from '../../../lib/stages/ingest-stream/ingest-records';
import { intake } from '../../../lib/stages/intake/intake';
import { memoryPorts, mergeAll, readRows } from '../../support/lake';

const EXAMPLE = join(__dirname, '../../../examples/sword-shop/tidemark.config.ts');
const HOSTS = ['user1.comcast.com', 'user2.att.com'];
const TYPES = ['default', 'purchase_sword'];
const START = Date.UTC(2026, 10, 22);

test('swords.twenty rows of forty events, as the game sends them; the same batch again adds nothing', async () => {
  const lake = { ports: memoryPorts(), lake: await loadConfig(EXAMPLE), landing: memoryStore() };
  const clock = fixedClock(START);
  const stream = memoryStream(clock);
  for (const Host of HOSTS) {
    for (const event_type of TYPES) {
      for (let i = 0; i < 10; i++) {
        clock.advance(1);
        const event = {
          event_type,
          Host,
          'User-Agent': 'ApacheBench/2.3',
          Accept: '*/*',
          Connection: 'close',
        };
        const answer = await intake(
          { stream, clock, ids: lake.ports.ids },
          lake.lake,
          {
            method: 'POST',
            path: '/events/events',
            contentType: 'application/json',
            body: Buffer.from(JSON.stringify(event)),
          },
          { source: { bodyBytesMax: 10_000 }, onFailure: () => undefined },
        );
        expect(answer.status).toBe(202);
      }
    }
  }
  const shard = (await stream.shards())[0]!.id;
  const records = await stream.read(shard, undefined, 1000);
  const request = {
    source: 'events',
    stream: { name: 'events', createdAt: START, shards: () => stream.shards() },
    shard,
    records,
  };
  for (let i = 0; i < 2; i++) {
    await ingestRecords(lake.ports, lake.lake, request);
    await mergeAll(lake, 'sword_purchases');
    const rows = await readRows(lake.ports, 'sword_purchases');
    expect(rows).toHaveLength(20);
    expect(HOSTS.map(host => rows.filter(row => row.host === host).length)).toEqual([10, 10]);
    const { _pos_major, _pos_minor, ...first } = rows[0]!;
    expect(first).toEqual({
      raw_event:
        '{"event_type":"purchase_sword","Host":"user1.comcast.com","User-Agent":"ApacheBench/2.3","Accept":"*/*","Connection":"close"}',
      timestamp: '2026-11-22T00:00:00.011Z',
      accept: '*/*',
      host: 'user1.comcast.com',
      user_agent: 'ApacheBench/2.3',
      event_type: 'purchase_sword',
      _changed_at: BigInt(START + 11) * 1000n,
    });
  }
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
});
