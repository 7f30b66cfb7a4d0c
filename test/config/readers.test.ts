import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deployedConfig } from '../../lib/config/deployed';
import { loadConfig } from '../../lib/config/load';
import type { TidemarkError } from '../../lib/errors';
import { SCRATCH } from '../support/scratch';

const scratch = () => mkdtempSync(join(SCRATCH, 'readers-'));

const SCHEMA = { type: 'record', name: 'Order', fields: [{ name: 'id', type: 'long' }] };

/** A folder with a config whose one table has this reader, and files beside it. */
async function load(reader: unknown, files: Record<string, string> = {}) {
  const folder = join(scratch(), 'lake');
  mkdirSync(join(folder, 'schemas'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const file = join(folder, 'tidemark.config.json');
  writeFileSync(file, JSON.stringify({ name: 'a', tables: { orders: { key: ['id'], reader } } }));
  return loadConfig(file).then(
    lake => lake,
    (error: TidemarkError) => error.message,
  );
}

describe('config.reader', () => {
  test('a file below the config, or the schema itself, travels with the config', async () => {
    const schemas = { 'schemas/order.avsc': JSON.stringify(SCHEMA) };
    for (const reader of ['schemas/order.avsc', './schemas/order.avsc', SCHEMA]) {
      const lake = await load(reader, schemas);
      if (typeof lake === 'string') throw new Error(lake);
      expect(lake.tables[0]!.reader).toEqual(SCHEMA);
      expect(deployedConfig(lake).tables[0]!.reader).toEqual(SCHEMA);
    }
  });

  test('what leaves the folder, is not there or is no schema of a record is a problem', async () => {
    const files = {
      'a.avsc': '{',
      'b.avsc': '"int"',
      'c.avsc': '{"type":"record"}',
      'd.avsc': '{"type":"int"}',
    };
    const cases: [unknown, RegExp][] = [
      ['../x.avsc', /TM_1003.*tables\.orders\.reader.*leaves the config/s],
      ['/etc/passwd', /leaves the config/],
      ['none.avsc', /cannot be read/],
      ['a.avsc', /is not JSON/],
      ['b.avsc', /no schema of a record/],
      ['c.avsc', /no Avro schema/],
      ['d.avsc', /a row is a record/],
      [5, /tables\.orders\.reader/],
      [{ type: 'record', name: 'R', fields: [{ name: 'x', type: 'int', default: 'no' }] }, /default/],
    ];
    for (const [reader, said] of cases) expect(await load(reader, files)).toMatch(said);
  });

  test('a link out of the folder is not followed', async () => {
    const outside = join(scratch(), 'secret.avsc');
    writeFileSync(outside, JSON.stringify(SCHEMA));
    const folder = join(scratch(), 'linked');
    mkdirSync(folder);
    symlinkSync(outside, join(folder, 's.avsc'));
    const file = join(folder, 'tidemark.config.json');
    writeFileSync(file, JSON.stringify({ name: 'a', tables: { t: { key: ['id'], reader: 's.avsc' } } }));
    await expect(loadConfig(file)).rejects.toThrow(/leads out of the config/);
  });
});
