import { openQuery } from '../../lib/query/open';
import { compactNext } from '../../lib/stages/compact/compact';
import { rebuild } from '../../lib/stages/rebuild';
import { type LocalLake, localLakes } from '../query/local-lake';
import { mergeAll, readRows, take } from '../support/lake';

const lakes = localLakes();
const LIMITS = { smallFilesMin: 2 };

/** A lake two months on, so that everything but the last file may be compacted. Column b came on the second day. */
async function widened(): Promise<LocalLake> {
  const begun = await lakes({
    name: 'c',
    tables: { t: { key: ['id'], columns: { id: 'bigint', a: 'int' }, format: { opColumn: 'op' } } },
  });
  let now = begun.ports.clock.now();
  const lake = { ...begun, ports: { ...begun.ports, clock: { ...begun.ports.clock, now: () => now } } };
  const day = async (n: number, text: string) => {
    await take(lake, `${n}/t-2021-01-0${n}.csv`, text);
    await mergeAll(lake, 't');
  };
  await day(1, 'op,id,a\nI,1,1\nI,2,2\nI,3,3\n');
  await day(1, 'op,id,a\nU,1,10\nD,3,3\n');
  await day(2, 'op,id,a,b\nU,2,20,x\nU,1,11,y\n');
  await day(2, 'op,id,a\nU,2,21\nI,3,30\n');
  now += 60 * 86_400_000;
  await day(3, 'op,id,a,b\nI,9,9,z\n');
  await day(4, 'op,id,a,b\nI,10,9,z\n');
  return lake;
}

async function answers(lake: LocalLake): Promise<unknown[]> {
  const query = await openQuery(lake.ports, lake.lake, lake.engine);
  const rows = async (sql: string) => (await query.run(sql)).rows;
  return [
    await rows('SELECT * FROM t ORDER BY id'),
    await rows('SELECT * EXCLUDE (_absent) FROM t_deltas ORDER BY ALL'),
    await rows('SELECT * EXCLUDE (_absent) FROM t_history ORDER BY ALL'),
    await rows('SELECT date_received, count(*) FROM t_deltas GROUP BY ALL ORDER BY ALL'),
  ];
}

test('compact.answers: table, deltas and history are the same after it, and after a rebuild', async () => {
  const lake = await widened();
  const [table] = lake.lake.tables;
  const before = await answers(lake);
  const compacted = [];
  for (;;) {
    const piece = await compactNext(lake.ports, table!, { ...lake.lake.limits, ...LIMITS });
    if (!piece) break;
    compacted.push([piece.table, piece.files]);
    expect(await answers(lake)).toEqual(before);
  }
  expect(compacted).toEqual([['t_deltas', { before: 4, after: 2 }]]);
  const absent = (await readRows(lake.ports, 't_deltas')).map(r => [r._op, r.a, r._absent]);
  expect(absent).toEqual(
    expect.arrayContaining([
      ['U', 10, '[11]'],
      ['D', 3, null],
      ['U', 20, null],
      ['U', 21, '[11]'],
    ]),
  );
  await rebuild(lake.ports, table!, lake.lake.limits);
  expect(await answers(lake)).toEqual(before);
}, 60_000);
