import { resolveLake } from '../../lib/config/resolve';
import { counterKey } from '../../lib/ledger/keys';
import { replay } from '../../lib/stages/replay';
import { anyLake, rowsOf, shown } from '../support/any-source';
import { mergeAll, readRows, type TestLake, take } from '../support/lake';
import {
  beforeRecord,
  dmsLake,
  entries,
  LOG,
  logRows,
  merge,
  objects,
  put,
  rows,
  rulesLake,
  send,
  sendDms,
  sequence,
  T,
} from './rules';

const HEADER = 'Op,AR_H_CHANGE_SEQ,id,a,b';

/** Columns b and _entry of the log's rows, as a reader without the ledger orders them. */
async function logOrder(lake: TestLake): Promise<string[]> {
  const found = await readRows(lake.ports, LOG);
  const order = ['_pos_major', '_pos_minor', '_entry'] as const;
  found.sort((x, y) => {
    const name = order.find(each => x[each] !== y[each]);
    return name === undefined ? 0 : Number(x[name]! as bigint) - Number(y[name]! as bigint);
  });
  return found.map(row => `${row.b} ${row._entry}`);
}

describe('P1', () => {
  test('P1 at an equal position the later entry wins, as a corrected file under its old name', async () => {
    const lake = dmsLake();
    await sendDms(lake, 1, [HEADER, `I,${sequence(5)},1,1,wrong`, `I,${sequence(6)},2,2,wrong`]);
    await sendDms(lake, 1, [HEADER, `I,${sequence(5)},1,1,right`]);
    await mergeAll(lake, T);
    await sendDms(lake, 1, [HEADER, `I,${sequence(6)},2,2,right`]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 right', '2 2 right']);
  });

  test('P1 within one position and entry TRUNCATE comes before D, and D before I', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 3, 3, 'old')]);
    await mergeAll(lake, T);
    await send(lake, [put(5, 1, 1, 'x'), { op: 'D', at: 5, id: 1 }, put(5, 2, 2, 'y'), { op: 'T', at: 5 }]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y']);
  });

  test('P1 a TRUNCATE of a later entry clears what stands at its position', async () => {
    const lake = rulesLake();
    await send(lake, [put(5, 1, 1, 'x'), put(6, 2, 2, 'y')]);
    await send(lake, [{ op: 'T', at: 5 }]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['2 2 y']);
  });

  test('P1 dates order plain files, and within one date the later arrival wins', async () => {
    const lake = rulesLake({ format: {} });
    const day = (n: number, b: string) =>
      take(lake, `${T}.csv`, `id,a,b\n1,${n},${b}\n`, { date: `2021-01-0${n}` });
    await day(2, 'first');
    await mergeAll(lake, T);
    await day(1, 'late');
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 2 first']);
    await day(2, 'corrected');
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 2 corrected']);
  });

  test('P1 a transaction that is cut into several files keeps its order', async () => {
    const lake = dmsLake({ format: { header: true, timestampColumn: 'ts' } });
    const at = '2021-01-01 00:00:00';
    await sendDms(lake, 2, ['Op,ts,id,a,b', `U,${at},1,2,second`]);
    await sendDms(lake, 1, ['Op,ts,id,a,b', `I,${at},2,1,first`, `I,${at},1,1,first`]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 2 second', '2 1 first']);
  });

  test('P1 without a position or commit time the file time orders, then the row', async () => {
    const lake = dmsLake();
    await sendDms(lake, 2, ['Op,id,a,b', 'U,1,2,second']);
    await sendDms(lake, 1, ['Op,id,a,b', 'I,2,1,first', 'U,1,1,first', 'U,2,3,third']);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 2 second', '2 3 third']);
  });

  test('P1 the rows of a load stand before every change', async () => {
    const lake = dmsLake();
    await sendDms(lake, 1, [HEADER, `D,${sequence(1)},1,,`, `U,${sequence(2)},2,2,changed`]);
    await take(lake, `s/${T}/LOAD00000001.csv`, 'id,a,b\n1,1,load\n2,1,load\n3,1,load\n');
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['2 2 changed', '3 1 load']);
  });

  test('P1 the log alone orders equal positions of files that came at once: a delta that was overtaken is written anew', async () => {
    const lake = rulesLake({}, { deltaRowsMax: 1 });
    const others = [put(20, 4, 1, 'w'), put(21, 5, 1, 'x'), put(5, 1, 1, 'earlier')];
    await send({ ...lake, ports: beforeRecord(lake.ports, () => send(lake, others)) }, [
      put(3, 3, 3, 'z'),
      put(5, 1, 2, 'later'),
    ]);
    const same = beforeRecord(lake.ports, () => send(lake, [put(30, 2, 1, 'earlier')]));
    await send({ ...lake, ports: same }, [put(30, 2, 2, 'later')]);
    await mergeAll(lake, T);
    expect(await logOrder(lake)).toEqual([
      'z 4',
      'earlier 3',
      'later 5',
      'w 1',
      'x 2',
      'earlier 6',
      'later 7',
    ]);
    expect(await rows(lake)).toEqual(expect.arrayContaining(['1 2 later', '2 2 later']));
  });

  test('P1 a delta that only others came before is not written anew', async () => {
    const lake = rulesLake();
    const ports = beforeRecord(lake.ports, () => send(lake, [put(5, 1, 1, 'x')]));
    await send({ ...lake, ports }, [put(4, 1, 2, 'w'), put(4, 2, 2, 'w')]);
    expect((await objects(lake, 'deltas/')).length).toBe((await entries(lake)).length);
  });
});

describe('P2', () => {
  test.each([
    ['before 1970', () => plain('1969-12-31')],
    ['past 53 bits of micros', () => dmsAt('Op,ts,id,a,b', 'I,2300-01-01 00:00:00,1,1,x')],
    ['past 63 bits of a counter', () => dmsAt(HEADER, 'I,20210101000000009999999999999999999,1,1,x')],
  ])('P2 a position %s goes to quarantine and never wraps', async (_, taken) => {
    expect(await taken()).toMatchObject({ outcome: 'quarantined', error: { code: 'TM_2201' } });
  });

  const plain = (date: string) => send(rulesLake({ format: {} }), [put(0, 1, 1, 'x')], { date });
  const dmsAt = (...lines: string[]) =>
    sendDms(dmsLake({ format: { header: true, timestampColumn: 'ts' } }), 1, lines);
});

describe('P3', () => {
  const config = (nullLiteral: string, delimiter = ',') =>
    resolveLake(
      {
        name: 'rules',
        tables: {
          [T]: {
            key: ['id'],
            columns: { id: 'bigint', a: 'int', b: 'string' },
            format: { nullLiteral, delimiter },
          },
        },
      },
      '/config/tidemark.config.ts',
    );
  const file = (lake: TestLake, text: string) => take(lake, `${T}.csv`, text, { date: '2021-01-01' });

  test.each([
    ['bad rows', config('')],
    ['an unreadable header', config('', 'i')],
  ])('P3 a file with %s keeps its place over quarantine and replay', async (_, wrong) => {
    const good = config('none');
    const lake = rulesLake();
    const first = await file({ ...lake, lake: wrong }, 'id,a,b\n1,none,first\n2,none,first\n');
    expect(first).toMatchObject({ outcome: 'quarantined' });
    await file({ ...lake, lake: good }, 'id,a,b\n1,2,second\n');
    await replay(lake.ports, good, first.identity!);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 2 second', '2 - first']);
  });

  test('P3 files that come at once for one date get different places', async () => {
    const lake = rulesLake({ format: {} });
    await Promise.all(
      ['x', 'y', 'z'].map((b, i) =>
        take(lake, `${i}/${T}.csv`, `id,a,b\n1,${i},${b}\n`, { date: '2021-01-01' }),
      ),
    );
    const places = (await entries(lake)).map(e => e.least.minor >> 32n).sort();
    expect(places).toEqual([0n, 1n, 2n]);
  });

  test('P3 in an append table a file is its name too: two files of the same rows are twice the rows', async () => {
    const lake = anyLake({ clicks: { mode: 'append' } });
    for (const name of ['a', 'b', 'a']) await take(lake, `${name}.csv`, 'n\n1\n', { table: 'clicks' });
    expect(shown((await rowsOf(lake, 'clicks')).current, ['n'])).toEqual(['1', '1']);
  });

  test('P3 a plain file is its table, its date and its bytes; its date is no part of it where it is the arrival', async () => {
    const lake = rulesLake({ format: {} });
    const text = 'id,a,b\n1,1,x\n';
    const outcome = async (options: object, name = `${T}.csv`) =>
      (await take(lake, name, text, options)).outcome;
    expect(await outcome({ date: '2021-01-01' })).toBe('taken-in');
    expect(await outcome({ date: '2021-01-01' }, `other/${T}.csv`)).toBe('seen');
    expect(await outcome({ date: '2021-01-02' })).toBe('taken-in');
    expect(await outcome({ receivedAt: Date.UTC(2026, 0, 1) })).toBe('taken-in');
    expect(await outcome({ receivedAt: Date.UTC(2026, 0, 2) })).toBe('seen');
    expect(await outcome({ date: '2021-01-01', again: 'once more' })).toBe('taken-in');
  });
});

test('P5 a change of a later source generation comes after all of the former, wherever its source stands', async () => {
  const lake = rulesLake();
  await send(lake, [put(1000, 1, 1, 'old source')]);
  const key = counterKey(T);
  const counter = await lake.ports.items.get(key);
  await lake.ports.items.transact([{ put: key, value: { ...counter!.value, generation: 1 } }]);
  await send(lake, [put(1, 1, 2, 'new source')]);
  await mergeAll(lake, T);
  expect(await rows(lake)).toEqual(['1 2 new source']);
  expect((await entries(lake)).map(e => e.least.major >> 53n)).toEqual([0n, 1n]);
});

describe('P6', () => {
  const BEFORE = `${HEADER},BI_id`;

  test('P6 a before-image whose key equals the new one is no key change', async () => {
    const lake = dmsLake();
    await sendDms(lake, 1, [BEFORE, `I,${sequence(1)},1,1,x,`, `U,${sequence(2)},1,2,y,1`]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 2 y']);
    expect(await logRows(lake)).toBe(2);
  });

  test('P6 a key change deletes the old key and inserts the new', async () => {
    const lake = dmsLake();
    await sendDms(lake, 1, [BEFORE, `I,${sequence(1)},1,1,x,`]);
    await mergeAll(lake, T);
    await sendDms(lake, 2, [BEFORE, `U,${sequence(2)},2,1,x,1`]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['2 1 x']);
  });

  test('P6 a key change whose insert were incomplete goes to quarantine', async () => {
    const lake = dmsLake();
    await sendDms(lake, 1, [BEFORE, `I,${sequence(1)},1,1,x,`]);
    const partial = await sendDms(lake, 2, ['Op,AR_H_CHANGE_SEQ,id,a,BI_id', `U,${sequence(2)},2,1,1`]);
    expect(partial).toMatchObject({ outcome: 'quarantined', error: { code: 'TM_2202' } });
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x']);
  });

  const DELETED = {
    columns: { id: 'bigint', a: 'int', b: 'string', gone: 'boolean' },
    deletedWhen: { column: 'gone', equals: true },
  };

  test.each([
    ['in one merge', false],
    ['merged one by one', true],
  ])(
    'P6 a partial change without the deletedWhen column never revives a deleted row, %s',
    async (_, each) => {
      const lake = rulesLake(DELETED);
      for (const change of [
        { ...put(1, 1, 1, 'x'), gone: false },
        { ...put(2, 1, 1, 'x'), gone: true },
        { op: 'U' as const, at: 3, id: 1, a: 5 },
      ]) {
        await send(lake, [change]);
        if (each) await merge(lake);
      }
      await mergeAll(lake, T);
      expect(await rows(lake)).toEqual([]);
      await send(lake, [{ ...put(4, 1, 6, 'back'), gone: false }]);
      await mergeAll(lake, T);
      expect(await rows(lake)).toEqual(['1 6 back']);
    },
  );
});
