import type { LakeConfig, TableConfig } from '../../lib/config/define';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { holdsRecords, readQuarantinedRecords } from '../../lib/stages/ingest-stream/aside';
import { ingestRecordFile } from '../../lib/stages/ingest-stream/ingest-record-file';
import { putUnjudgedAside } from '../../lib/stages/ingest-stream/unjudged';
import { replay } from '../../lib/stages/replay';
import {
  deliver,
  logOf,
  reconfigured,
  requestOf,
  type StreamLake,
  send,
  streamLake,
} from '../stages/ingest-stream/streams';
import { randomOf } from './scheduler';

const SEEDS = Number(process.env.TIDEMARK_SEEDS ?? 6);
const FIRST = Number(process.env.TIDEMARK_SEED ?? 1);
const TABLES = ['one', 'two', 'three'];
const CONFIGS = 5;

type Pick = <T>(among: readonly T[]) => T;

/** Which of the tables takes what changes; `one` takes fewer values. Of those from one source all but the last filter. */
function anyConfig(pick: Pick): Partial<LakeConfig> {
  const from = TABLES.map(() => pick(['x', 'x', 'y', 'nothing']));
  const tables = TABLES.map((name, i): [string, TableConfig] => {
    const columns = { id: 'bigint', a: name === 'one' ? 'int' : 'string', k: 'string' };
    const where = from.indexOf(from[i]!, i + 1) < 0 ? {} : { where: { k: 'all' } };
    return [name, { mode: 'append', from: `s.${from[i]}`, columns, ...where }];
  });
  return { tables: Object.fromEntries(tables) };
}

/** Ways in: a batch, a file of records, and batches of which a failure object holds some or all. */
async function arrive(lake: StreamLake, way: string, pick: Pick): Promise<number[]> {
  const ids = Array.from({ length: 6 }, (_, id) => id);
  const changes = ids.map(id => {
    const data = { id, a: pick(['7', '7', 'bad']), k: 'all' };
    return { op: 'insert' as const, data, table: pick(['x', 'y', 'z']) };
  });
  const records = await send(lake, ...changes);
  if (way === 'file') {
    await lake.landing.put('f', Buffer.from(records.map(r => Buffer.from(r.data).toString()).join('\n')));
    const file = { landing: lake.landing, key: 'f', object: 'f', source: 'source', format: 'dms' } as const;
    await ingestRecordFile(lake.ports, lake.lake, file);
    return ids;
  }
  // A batch that died had dealt with some of its tables, and with none of what is no table's.
  const died = pick(['x', 'y', 'none']);
  const dealtWith = way === 'batch' ? records : records.filter((_, i) => changes[i]!.table === died);
  if (dealtWith.length > 0) await deliver(lake, dealtWith);
  if (way === 'batch') return ids;
  const { source, stream } = requestOf(lake, records);
  const fault = { code: 'TM_2324', reason: 'given up' } as const;
  await putUnjudgedAside(lake.ports, { id: 'given-up', source, stream, records, fault });
  await replay(lake.ports, lake.lake, 'given-up');
  return ids;
}

async function check(lake: StreamLake, ids: readonly number[]): Promise<void> {
  const held = new Set<number>();
  for (const table of TABLES) {
    const own = (await logOf(lake, table).catch(() => [])).map(row => Number(row.id));
    // An append table has a row for each time that it was given the record.
    expect([table, own.length]).toEqual([table, new Set(own).size]);
    for (const id of own) held.add(id);
  }
  for (const waiting of await listQuarantined(lake.ports.items)) {
    if (!holdsRecords(waiting)) continue;
    for (const { data } of await readQuarantinedRecords(lake.ports, waiting))
      held.add(JSON.parse(Buffer.from(data).toString()).data.id);
  }
  expect([...held].sort()).toEqual([...ids]);
}

test.each(['batch', 'file', 'failure'])(
  'replays.%s: whatever the config becomes, no table is given a record twice, and none is lost',
  async way => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const random = randomOf(seed);
      const pick: Pick = among => among[Math.floor(random() * among.length)]!;
      const first = streamLake(anyConfig(pick));
      const ids = await arrive(first, way, pick);
      let lake = first;
      try {
        await check(lake, ids);
        for (let i = 0; i < CONFIGS; i++) {
          lake = reconfigured(first, anyConfig(pick));
          const asked = pick([{}, {}, {}, { table: pick(TABLES) }]);
          for (const { id } of await listQuarantined(lake.ports.items))
            await replay(lake.ports, lake.lake, id, asked);
          await check(lake, ids);
        }
      } catch (error) {
        throw new Error(`seed ${seed}: TIDEMARK_SEED=${seed} TIDEMARK_SEEDS=1`, { cause: error });
      }
    }
  },
  120_000,
);
