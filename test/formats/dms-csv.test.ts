import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { decode, type Reading, shown } from './memory-file';

const users = { user_id: 'int', name: 'string', city: 'string', last_login: 'date' } as const;
const changes = 'U,6,Mindy George,Los Angeles,2021-10-15\nI,133,Bob Ding,New York,2021-10-17\nD,8,,,\n';
const read = (
  content: string | Uint8Array,
  options: Reading['options'] = {},
  columns: Reading['columns'] = users,
) => decode('dms-csv', content, { columns, options });

describe('dms-csv.headerless', () => {
  test('dms-csv.changes have their op first', async () => {
    const found = await read(changes);
    expect(found.columns).toEqual(users);
    expect(found.ops).toBe('UID');
    expect(found.rows).toEqual([
      { user_id: 6, name: 'Mindy George', city: 'Los Angeles', last_login: 18_915 },
      { user_id: 133, name: 'Bob Ding', city: 'New York', last_login: 18_917 },
      { user_id: 8, name: null, city: null, last_login: null },
    ]);
  });

  test('dms-csv.load rows have no op and are inserts', async () => {
    const found = await read('0,Herman Zimmerman,Oklahoma city,2020-10-10\n1,Ida,X,2020-10-10\n', {
      load: true,
    });
    expect([found.ops, found.rows.length, found.rows[0]!.user_id]).toEqual(['II', 2, 0]);
  });

  test('dms-csv.load rows may have the op all the same (IncludeOpForFullLoad)', async () => {
    const found = await read('I,0,Herman,Oklahoma city,2020-10-10\nI,1,Ida,X,2020-10-10\n', { load: true });
    expect([found.ops, found.columns, found.rows[1]!.user_id]).toEqual(['II', users, 1]);
  });

  test('dms-csv.load of narrower rows whose first text is I is no op', async () => {
    const found = await read(
      'I,x\nI,y\n',
      { load: true },
      { letter: 'string', name: 'string', added: 'int' },
    );
    expect(found.rows).toEqual([
      { letter: 'I', name: 'x' },
      { letter: 'I', name: 'y' },
    ]);
  });

  test('dms-csv.time stands after the op, or where the declared columns have it', async () => {
    const options = { timestampColumn: 'ts' };
    const columns = { id: 'int' } as const;
    const second = await read('I,1970-01-01 00:00:01.000001,7\n', options, columns);
    expect([second.columns, second.changedAt, second.rows]).toEqual([columns, [1_000_001n], [{ id: 7 }]]);
    const last = await read('I,7,1970-01-01 00:00:01\n', options, { id: 'int', ts: 'string' });
    expect([last.columns, last.changedAt, last.rows]).toEqual([columns, [1_000_000n], [{ id: 7 }]]);
    const load = await read('1970-01-01 00:00:01,7\n', { ...options, load: true }, columns);
    expect([load.ops, load.changedAt, load.rows]).toEqual(['I', [1_000_000n], [{ id: 7 }]]);
  });

  test('dms-csv.sequence is bookkeeping where it is named', async () => {
    const sequence = '20211017194324000000000000000000001';
    const named = await read(`I,${sequence},7\n`, { sequenceColumn: 'AR_H_CHANGE_SEQ' }, { id: 'int' });
    expect([named.sequence, named.rows]).toEqual([[sequence], [{ id: 7 }]]);
    const declared = await read(`I,7,${sequence}\n`, {}, { id: 'int', AR_H_CHANGE_SEQ: 'string' });
    expect([declared.sequence, declared.rows]).toEqual([[sequence], [{ id: 7 }]]);
  });

  test('dms-csv.rows from before a column was added lack the last columns', async () => {
    const found = await read('I,1,Ann\nU,2,Bob\n');
    expect(found.columns).toEqual({ user_id: 'int', name: 'string' });
  });

  test('dms-csv.rows from after a column was added say that it must be declared', async () => {
    await expect(read('I,1,Ann,Ulm,2021-01-01,new\n')).rejects.toMatchObject({
      code: 'TM_2101',
      what: 'rows of 6 fields where at most 5 are declared',
    });
  });

  test('dms-csv.one broken row does not decide the width of the file', async () => {
    const found = await read('I,1,Ann\nI,2,Bob,Ulm,2021-01-01\nI,3,Cy,Ulm,2021-01-01,x\n');
    expect(found.columns).toEqual(users);
    expect(found.rows.map(row => row.user_id)).toEqual([2]);
    expect(found.bad.map(row => [row.line, row.code])).toEqual([
      [1, 'TM_2101'],
      [3, 'TM_2101'],
    ]);
  });

  test('dms-csv.op that is none is a bad row', async () => {
    expect((await read('X,1,Ann,Ulm,2021-01-01\n')).bad.map(shown)).toEqual([
      [1, 'Op', 'TM_2104', 'op "X" is none of I, U, D, T', 'X,1,Ann,Ulm,2021-01-01'],
    ]);
  });

  test('dms-csv.zero date is a bad row, not a stop', async () => {
    const found = await read('I,1,Ann,Ulm,0000-00-00\nI,2,Bob,Ulm,2021-01-01\n');
    expect(found.rows.length).toBe(1);
    expect(found.bad[0]).toMatchObject({
      column: 'last_login',
      code: 'TM_2103',
      reason: '"0000-00-00" is not date',
    });
  });

  test('dms-csv.delimiter, NULL literal and gzip are as the endpoint was set', async () => {
    const content = gzipSync('I|1|NULL|"NULL"|2021-01-01\n');
    const found = await read(content, { delimiter: '|', nullLiteral: 'NULL' });
    expect(found.rows).toEqual([{ user_id: 1, name: null, city: 'NULL', last_login: 18_628 }]);
  });
});

describe('dms-csv.header', () => {
  const options = { header: true, timestampColumn: 'ts' };

  test('dms-csv.header names the columns in any order', async () => {
    const content =
      'Op,ts,AR_H_CHANGE_SEQ,name,user_id,BI_user_id,extra\nU,2021-01-01 00:00:00,42,Ann,7,6,x\nI,2021-01-01 00:00:00,43,Bob,8,,y\n';
    const found = await read(content, options);
    expect(found.columns).toEqual({ name: 'string', user_id: 'int', extra: 'string' });
    expect(found.before).toEqual([{ user_id: 6 }, { user_id: null }]);
    expect([found.ops, found.sequence]).toEqual(['UI', ['42', '43']]);
    expect(found.rows[0]).toEqual({ name: 'Ann', user_id: 7, extra: 'x' });
  });

  test('dms-csv.column that only begins with BI_ is data', async () => {
    const found = await read('Op,user_id,BI_score\nI,1,9\n', options);
    expect(found.columns).toEqual({ user_id: 'int', BI_score: 'string' });
  });

  test('dms-csv.header without op is refused, unless the file is a load', async () => {
    await expect(read('user_id\n1\n', options)).rejects.toMatchObject({ code: 'TM_2102' });
    expect((await read('user_id\n1\n', { header: true, load: true })).ops).toBe('I');
    expect((await read('Op,user_id\nI,1\n', { header: true, load: true })).rows).toEqual([{ user_id: 1 }]);
  });
});

const published = join(__dirname, '../../../shared/fixtures/dms-users');
(existsSync(published) ? describe : describe.skip)('dms-csv.published users files', () => {
  test('dms-csv.users load has 103 rows and the change files end at 110', async () => {
    const rows = new Map<unknown, unknown>();
    for (const name of readdirSync(published).sort(
      (a, b) => Number(b.startsWith('LOAD')) - Number(a.startsWith('LOAD')),
    )) {
      const found = await read(readFileSync(join(published, name)), { load: name.startsWith('LOAD') });
      expect(found.bad).toEqual([]);
      if (name.startsWith('LOAD')) expect(found.rows.length).toBe(103);
      for (const row of found.rows) rows.set(row.user_id, row);
    }
    expect(rows.size).toBe(110);
    expect(rows.get(6)).toEqual({
      user_id: 6,
      name: 'Mindy George',
      city: 'Los Angeles',
      last_login: 18_915,
    });
  });
});
