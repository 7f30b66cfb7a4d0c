import fc from 'fast-check';
import { columnFromScalars } from '../../../lib/columnar/kernels';
import type { TableConfig } from '../../../lib/config/define';
import { listQuarantined } from '../../../lib/ledger/quarantine';
import { encodeRowGroup } from '../../../lib/parquet/wasm';
import { replay } from '../../../lib/stages/replay';
import {
  anyLake,
  deliver,
  fileOf,
  rowsOf,
  type SourceRow,
  shown,
  takeRows,
  WAYS,
} from '../../support/any-source';
import { type Row, readRows, take } from '../../support/lake';
import { type NaiveChange, naiveFold } from '../../support/naive-fold';

const SWORDS: TableConfig = {
  mode: 'append',
  from: 'events',
  columns: { kind: 'string', n: 'bigint', user_agent: 'string' },
  aliases: { user_agent: ['User-Agent', 'ua'], n: ['Number'] },
  where: { kind: 'sword' },
};

/** Rows of many kinds under many names. What is not asked for has anything in the columns of the same names. */
const agents = fc.constantFrom('user_agent', 'User-Agent', 'ua', 'USER-AGENT');
const numbers = fc.constantFrom('n', 'Number', 'N');
const anyRows = fc
  .record({
    agent: agents,
    number: numbers,
    rows: fc.array(
      fc.record({
        kind: fc.constantFrom('sword', 'sword', 'Sword', 'shield', ' sword', '', null),
        n: fc.integer(),
        agent: fc.option(fc.string({ maxLength: 5, unit: 'grapheme-ascii' })),
        other: fc.option(fc.constantFrom('x', 'y')),
      }),
      { minLength: 1, maxLength: 12 },
    ),
  })
  .map(({ agent, number, rows }) =>
    rows.map(({ kind, n, agent: text, other }): SourceRow => {
      const junk = kind === 'sword' ? String(n) : 'no number';
      return { other, [agent]: text, [number]: junk, kind };
    }),
  );

/** The twenty lines that ingest is held against. */
function naiveSwords(rows: readonly SourceRow[]): string[] {
  const textOf = (row: SourceRow, names: readonly string[]) =>
    Object.entries(row).find(([name]) => names.includes(name.toLowerCase()))?.[1];
  return rows
    .filter(row => row.kind === 'sword')
    .map(row =>
      [row.kind, textOf(row, ['n', 'number']), textOf(row, ['user_agent', 'user-agent', 'ua']), row.other]
        .map(value => String(value ?? null))
        .join('|'),
    )
    .sort();
}

describe.each(WAYS)('where: append from %s', way => {
  test(`where.append: rows that do not fit leave no trace, whatever they hold (${way})`, async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async rows => {
        const lake = anyLake({ swords: SWORDS });
        await takeRows(lake, 'swords', way, rows);
        expect(await listQuarantined(lake.ports.items)).toEqual([]);
        const { log, current } = await rowsOf(lake, 'swords');
        const wanted = naiveSwords(rows);
        const names = ['kind', 'n', 'user_agent', 'other'];
        const some = (found: typeof log) =>
          shown(
            found.map(row => ({ other: null, ...row })),
            names,
          );
        expect(some(log)).toEqual(wanted);
        expect(some(current)).toEqual(wanted);
        if (way === 'json-lines' || way === 'stream')
          for (const row of log) expect('other' in row).toBe(wanted.length > 0);
        for (const row of log) expect(Object.keys(row)).not.toContain('User-Agent');
      }),
      { numRuns: 12 },
    );
  });

  test(`where.aliases: several tables take each its own of one source (${way})`, async () => {
    const of = (kind: string): TableConfig => ({
      mode: 'append',
      from: 'events',
      columns: { kind: 'string', value: kind === 'a' ? 'bigint' : 'date' },
      where: { kind },
    });
    const lake = anyLake({ as: of('a'), bs: of('b') });
    const rows = [
      { kind: 'a', value: '1' },
      { kind: 'b', value: '2026-01-02' },
      { kind: 'c', value: '?' },
    ];
    await takeRows(lake, 'as', way, rows);
    if (way !== 'stream') await takeRows(lake, 'bs', way, rows);
    expect(await listQuarantined(lake.ports.items)).toEqual([]);
    expect(shown((await rowsOf(lake, 'as')).current, ['value'])).toEqual(['1']);
    expect(shown((await rowsOf(lake, 'bs')).current, ['kind'])).toEqual(['b']);
  });
});

test('where.stream: a record that fits no table is nobody’s data: counted, never a stray', async () => {
  const lake = anyLake({ swords: SWORDS });
  const taken = await deliver(lake, ['{"kind":"shield","x":1}', '{"kind":"sword","n":1}', '{"x":{}}']);
  expect(taken).toMatchObject({
    strays: 0,
    tables: [{ outcome: 'taken-in', rows: 1, badRows: 0, leftOut: 2 }],
  });
  const again = await deliver(lake, []);
  expect(again.tables).toMatchObject([{ outcome: 'seen', rows: 0 }]);
  const { log } = await rowsOf(lake, 'swords');
  expect(log).toHaveLength(1);
  expect(log[0]).not.toHaveProperty('x');
});

test('where.file: a file of a source table that several take needs its table said', async () => {
  const lake = anyLake({
    swords: { ...SWORDS, from: 'events' },
    rest: { mode: 'append', from: 'events' },
  });
  const held = await take(lake, 'events.jsonl', '{"kind":"sword"}\n');
  expect(held).toMatchObject({ outcome: 'quarantined', error: { code: 'TM_2387' } });
  expect(held.error?.message).toContain('the rows of events go to swords, rest');
  const [outcome] = await replay(lake.ports, lake.lake, 'events.jsonl', { table: 'swords' });
  expect(outcome).toMatchObject({ outcome: 'taken-in', table: 'swords', rows: 1 });
});

describe('where.merge', () => {
  const OPEN: TableConfig = {
    key: ['id'],
    columns: { id: 'bigint', v: 'bigint', at: 'bigint' },
    where: { state: 'open' },
    omit: ['state'],
    format: { opColumn: 'op', timestampColumn: 'ts' },
    from: 'events',
  };

  interface Change {
    readonly op: 'I' | 'U' | 'D';
    readonly id: number;
    readonly open: boolean;
    readonly v: number;
  }
  const changes = fc.array(
    fc.record<Change>({
      op: fc.constantFrom('I', 'U', 'U', 'D'),
      id: fc.integer({ min: 1, max: 3 }),
      open: fc.boolean(),
      v: fc.integer({ min: 0, max: 99 }),
    }),
    { minLength: 1, maxLength: 20 },
  );

  const tsOf = (i: number) => `2026-01-01T00:00:${String(i).padStart(2, '0')}.000000`;
  const textOf = ({ op, id, open, v }: Change, i: number): SourceRow => ({
    op,
    ts: tsOf(i),
    id: String(id),
    state: open ? 'open' : 'closed',
    at: null,
    // Of a row that is not asked for, other columns are nobody's business.
    v: open || op === 'D' ? String(v) : 'closed at noon',
  });

  function naive(all: readonly Change[]): string[] {
    const told = all.map(
      ({ op, id, open, v }, i): NaiveChange => ({
        entry: i,
        row: 0,
        op: op !== 'D' && !open ? 'D' : op,
        key: String(id),
        major: BigInt(i),
        minor: 0n,
        values: { id, v },
      }),
    );
    return [...naiveFold(told, ['id', 'v']).values()].map(row => `${row.id}|${row.v}`).sort();
  }

  test.each(['json-lines', 'csv', 'parquet', 'stream'] as const)(
    'where.merge: rows enter and leave the filter, in any order, cut and repeated (%s)',
    async way => {
      const shuffle = fc.array(fc.nat(), { minLength: 20, maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(changes, shuffle, fc.integer({ min: 1, max: 7 }), async (all, seeds, cut) => {
          // The rows of a plain CSV file have no positions of their own.
          const format =
            way === 'csv' ? { ...OPEN.format, kind: 'dms-csv' as const, header: true } : OPEN.format;
          const lake = anyLake({ open: { ...OPEN, format } });
          const order = all.map((_, i) => i).sort((a, b) => seeds[a]! - seeds[b]! || a - b);
          const rows = order.map(i => textOf(all[i]!, i));
          for (let at = 0; at < rows.length; at += cut) {
            const some = rows.slice(Math.max(0, at - 1), at + cut);
            await takeRows(lake, 'open', way, some);
            if (at % 2 === 1) await rowsOf(lake, 'open');
          }
          expect(await listQuarantined(lake.ports.items)).toEqual([]);
          const { log, current } = await rowsOf(lake, 'open');
          expect(shown(current, ['id', 'v'])).toEqual(naive(all));
          for (const row of log) {
            expect(row).not.toHaveProperty('state');
            if (row._op === 'D') expect([null, undefined]).toContain(row.at);
          }
        }),
        { numRuns: 10 },
      );
    },
  );

  test('where.untold: a change that says nothing of the column waits; deletes need not say it', async () => {
    const lake = anyLake({ open: OPEN });
    await deliver(lake, [
      '{"op":"I","ts":"2026-01-01","id":1,"state":"open","v":1}',
      '{"op":"U","ts":"2026-01-02","id":1,"v":2}',
      '{"op":"I","ts":"2026-01-02","id":2,"state":"open","v":1}',
      '{"op":"D","ts":"2026-01-03","id":2}',
      '{"op":"U","ts":"2026-01-03","id":3,"state":null,"v":3}',
    ]);
    expect((await listQuarantined(lake.ports.items)).map(w => [w.code, w.badRows])).toEqual([['TM_2386', 1]]);
    expect(shown((await rowsOf(lake, 'open')).current, ['id', 'v'])).toEqual(['1|1']);
  });

  const PARTIAL: TableConfig = {
    key: ['id'],
    columns: { id: 'bigint', a: 'bigint', b: 'bigint' },
    where: { state: 'open' },
    omit: ['state'],
    absent: 'unchanged',
    from: 's.open',
  };
  const recordOf = (operation: string, data: object, before?: object) =>
    JSON.stringify({
      data,
      ...(before ? { 'before-image': before } : {}),
      metadata: { 'record-type': 'data', operation, 'schema-name': 's', 'table-name': 'open' },
    });
  const partialLake = () =>
    anyLake({ open: PARTIAL }, { sources: { events: { kind: 'kinesis', format: 'dms' } } });

  test('where.partial: an update by which a row may enter waits, one that fitted before does not', async () => {
    const lake = partialLake();
    for (const record of [
      recordOf('insert', { id: 1, a: 1, b: 1, state: 'draft' }),
      recordOf('update', { id: 1, state: 'open' }),
      recordOf('update', { id: 1, state: 'open' }, { state: 'draft' }),
      recordOf('insert', { id: 2, a: 2, b: 2, state: 'open' }),
      recordOf('update', { id: 2, a: 3 }, { state: 'open' }),
    ])
      await deliver(lake, [record]);
    const waiting = await listQuarantined(lake.ports.items);
    expect(waiting.map(w => w.code)).toEqual(['TM_2389', 'TM_2389']);
    expect(waiting[0]!.reason).toContain('says nothing of a,');
    expect(shown((await rowsOf(lake, 'open')).current, ['id', 'a', 'b'])).toEqual(['2|3|2']);
    await deliver(lake, [recordOf('update', { id: 1, a: 1, b: null, state: 'open' })]);
    expect(shown((await rowsOf(lake, 'open')).current, ['id', 'a', 'b'])).toEqual(['1|1|null', '2|3|2']);
  });

  test('where.partialFile: a line that leaves out a column waits, whoever of its file names it', async () => {
    for (const other of ['', '{"op":"I","ts":"2026-01-03","id":9,"state":"open","v":9,"at":9}\n']) {
      const lake = anyLake({ open: { ...OPEN, onBadRow: 'quarantineRow' } });
      const draft = '{"op":"I","ts":"2026-01-01","id":1,"state":"draft","v":1,"at":1}\n';
      await take(lake, 'draft.jsonl', draft, { table: 'open' });
      const line = '{"op":"U","ts":"2026-01-02","id":1,"state":"open","v":2}\n';
      const taken = await take(lake, 'open.jsonl', `${line}${other}`, { table: 'open' });
      expect(taken).toMatchObject({ outcome: 'rows-quarantined', badRows: 1 });
      expect((await listQuarantined(lake.ports.items)).map(w => w.code)).toEqual(['TM_2389']);
      expect((await rowsOf(lake, 'open')).current).toHaveLength(other === '' ? 0 : 1);
    }
  });

  test('where.partialFold: with partial updates the table is the fold of all rows, then asked', async () => {
    const told = fc.record({
      op: fc.constantFrom('insert' as const, 'update' as const, 'update' as const, 'delete' as const),
      id: fc.integer({ min: 1, max: 3 }),
      open: fc.boolean(),
      a: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined, freq: 1 }),
      b: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined, freq: 1 }),
      says: fc.boolean(),
    });
    const columns = ['id', 'a', 'b', 'state'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(told, { minLength: 8, maxLength: 20 }),
        fc.integer({ min: 1, max: 20 }),
        async (all, cut) => {
          const lake = partialLake();
          const taken: NaiveChange[] = [];
          const records: string[] = [];
          let waiting = 0;
          for (const { op, id, open, a, b, says } of all) {
            const was = naiveFold(taken, columns).get(String(id));
            const state = open ? 'open' : 'draft';
            // A source inserts what is not there, and changes what is.
            if ((op === 'insert') === (was !== undefined)) continue;
            const partial = { ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b }) };
            const values =
              op === 'delete'
                ? { id }
                : { id, state, ...(op === 'insert' ? { a: a ?? 0, b: b ?? 0 } : partial) };
            records.push(recordOf(op, values, op === 'update' && says ? { state: was!.state } : undefined));
            const isWhole = a !== undefined && b !== undefined;
            if (op === 'update' && open && !isWhole && !(says && was!.state === 'open')) {
              // What waits is as if the source had not said it.
              waiting++;
              continue;
            }
            const letter = ({ insert: 'I', update: 'U', delete: 'D' } as const)[op];
            const at = { entry: taken.length, row: 0, major: BigInt(taken.length), minor: 0n };
            taken.push({ ...at, op: letter, key: String(id), values });
          }
          for (let at = 0; at < records.length; at += cut) await deliver(lake, records.slice(at, at + cut));
          const held = await listQuarantined(lake.ports.items);
          for (const { code } of held) expect(code).toBe('TM_2389');
          expect(held.reduce((sum, { badRows }) => sum + badRows, 0)).toBe(waiting);
          const wanted = ([...naiveFold(taken, columns).values()] as Row[]).filter(
            row => row.state === 'open',
          );
          const { current } = await rowsOf(lake, 'open');
          expect(shown(current, ['id', 'a', 'b'])).toEqual(shown(wanted, ['id', 'a', 'b']));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('where.before: what an update leaves out is as its before-image says, and a key that moves takes it along', async () => {
    const lake = anyLake(
      { open: { ...OPEN, absent: 'unchanged', format: {}, from: 's.open' } },
      { sources: { events: { kind: 'kinesis', format: 'dms' } } },
    );
    const record = (operation: string, data: object, before?: object) =>
      JSON.stringify({
        data,
        ...(before ? { 'before-image': before } : {}),
        metadata: { 'record-type': 'data', operation, 'schema-name': 's', 'table-name': 'open' },
      });
    await deliver(lake, [
      record('insert', { id: 1, v: 1, at: 1, state: 'open' }),
      record('insert', { id: 2, v: 1, at: 1, state: 'closed' }),
      record('update', { id: 1, v: 5 }, { state: 'open' }),
      record('insert', { id: 3, v: 3, at: 3, state: 'open' }),
      record('update', { id: 4, v: 3, at: 3 }, { id: 3, state: 'open' }),
      record('insert', { id: 5, v: 3, at: 3, state: 'open' }),
      record('update', { id: 6, state: 'closed' }, { id: 5, state: 'open' }),
    ]);
    expect(await listQuarantined(lake.ports.items)).toEqual([]);
    expect(shown((await rowsOf(lake, 'open')).current, ['id', 'v', 'at'])).toEqual(['1|5|1', '4|3|3']);
  });

  test.each(WAYS)(
    'where.keyless: what is not asked for and has no key of the table is left out (%s)',
    async way => {
      const lake = anyLake({ open: { ...OPEN, format: {}, onBadRow: 'quarantineRow' } });
      await takeRows(lake, 'open', way, [
        { id: '1', state: 'open', v: '1' },
        { id: null, state: 'closed', v: '2' },
        { id: 'seven', state: 'closed', v: '3' },
        { id: '4', state: 'closed', v: '4' },
      ]);
      expect(await listQuarantined(lake.ports.items)).toEqual([]);
      const { log, current } = await rowsOf(lake, 'open');
      expect(shown(log, ['_op', 'id', 'v'])).toEqual(['D|4|null', 'I|1|1']);
      expect(shown(current, ['id'])).toEqual(['1']);
    },
  );

  test('where.truncate: a TRUNCATE empties the table', async () => {
    const lake = anyLake({ open: OPEN });
    await takeRows(lake, 'open', 'csv', [textOf({ op: 'I', id: 1, open: true, v: 1 }, 1)]);
    const t = { op: 'T', ts: tsOf(5), id: null, state: null, v: null };
    await takeRows(lake, 'open', 'csv', [t]);
    expect((await rowsOf(lake, 'open')).current).toEqual([]);
  });
});

test.each(['csv', 'parquet'] as const)('where.lacking: a file without the column is held (%s)', async way => {
  const lake = anyLake({ swords: SWORDS });
  const [name, bytes] = fileOf(way, [{ n: '1' }]);
  const held = await take(lake, name, bytes, { table: 'swords' });
  expect(held).toMatchObject({ outcome: 'quarantined', error: { code: 'TM_2187' } });
});

test('where.unfit: a value that the column’s type cannot have is told, nothing is left out for it', async () => {
  const lake = anyLake({ swords: { mode: 'append', where: { size: 'huge' } } });
  const bytes = encodeRowGroup({
    length: 1,
    fields: [{ id: 1, name: 'size', type: 'long', required: false }],
    columns: [columnFromScalars('long', [1n])],
  });
  const held = await take(lake, 'swords.parquet', bytes);
  expect(held).toMatchObject({ outcome: 'quarantined', error: { code: 'TM_2186' } });
  expect(await readRows(lake.ports, 'swords_deltas')).toEqual([]);
});

test('where.types: values are compared as their column holds them', async () => {
  const lake = anyLake({
    t: {
      mode: 'append',
      from: 'events',
      columns: { d: 'decimal(9,2)', on: 'boolean', at: 'timestamp', id: 'bigint' },
      where: { d: 1.5, on: true, at: '2026-01-01' },
    },
  });
  await deliver(lake, [
    '{"id":1,"d":1.50,"on":"yes","at":"2026-01-01T00:00:00Z"}',
    '{"id":2,"d":"1.5","on":true,"at":"2026-01-01 01:00:00+01:00"}',
    '{"id":3,"d":1.51,"on":true,"at":"2026-01-01"}',
    '{"id":4,"d":1.5,"on":false,"at":"2026-01-01"}',
    '{"id":5,"d":1.5,"on":true,"at":"2026-01-01 00:00:00.000001"}',
    '{"id":6,"d":"what","on":true,"at":"2026-01-01"}',
  ]);
  expect(shown((await rowsOf(lake, 't')).current, ['id'])).toEqual(['1', '2']);
  // What is no decimal may be one that was meant.
  expect((await listQuarantined(lake.ports.items)).map(w => [w.code, w.badRows])).toEqual([['TM_2103', 1]]);
});
