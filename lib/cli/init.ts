import { access, writeFile } from 'node:fs/promises';
import { basename, dirname, relative, resolve } from 'node:path';
import { Command } from 'commander';
import type { InferredTable } from '../config/infer';
import type { BadRow } from '../formats/format';
import type { Sampled } from '../runtime/sample';
import { type Cli, options } from './cli';
import { configExists } from './errors';
import { inputFiles } from './files';
import { plain } from './render/table';
import { count, counted } from './render/words';

const CONFIG = 'tidemark.config.ts';

export function initCommand(cli: Cli): Command {
  return new Command('init')
    .description('write a config from sample files: types inferred, the key found or asked for')
    .argument('<samples...>', 'files, folders and patterns; the first of a table counts')
    .option('--force', 'overwrite the config that is there')
    .addHelpText('after', HELP)
    .action(async (paths: string[], flags: { force?: boolean }, command: Command) => {
      const named = options(command).config;
      const config = resolve(cli.io.cwd, named ?? CONFIG);
      const exists = await access(config).then(
        () => true,
        () => false,
      );
      if (exists && !flags.force) throw configExists(config);
      const tables = await sampleTables(cli, paths);
      const { configText } = await import('../config/write');
      const text = configText({ name: lakeName(basename(dirname(config))), tables });
      await writeFile(config, text, { flag: flags.force ? 'w' : 'wx' });
      const next = tables.some(table => table.key.length === 0)
        ? 'name the key where it says TODO'
        : `tidemark ${named === undefined ? '' : `--config ${named} `}ingest ${paths.join(' ')}`;
      cli.say(`wrote ${relative(cli.io.cwd, config)}. Next: ${next}`);
    });
}

async function sampleTables(cli: Cli, paths: readonly string[]): Promise<InferredTable[]> {
  const { sampleFile } = await import('../runtime/sample');
  const tables = new Map<string, InferredTable>();
  const { files } = await inputFiles(paths, cli.io.cwd, []);
  for (const file of files) {
    const progress = cli.progress(`reading ${file.label}`);
    const sampled = await sampleFile(file.path).finally(() => progress.stop());
    const { name } = sampled.table;
    if (tables.has(name)) {
      cli.note(`${file.label}: table ${name} has its sample already, passed over`);
      continue;
    }
    cli.say(summary(sampled));
    tables.set(name, await withKey(cli, sampled.table));
  }
  return [...tables.values()];
}

/** Asks for the key where none was found and a person is there. */
async function withKey(cli: Cli, table: InferredTable): Promise<InferredTable> {
  if (table.key.length > 0 || !cli.io.interactive) return table;
  const { checkbox } = await import('@inquirer/prompts');
  const key = await checkbox<string>({
    message: `${table.name}: which columns identify a row? (none: decide later)`,
    choices: table.columns.map(column => ({ value: column.name })),
  });
  return { ...table, key, chosen: true };
}

/** `orders: 12,480 rows, key order_id (unique, not null), 9 columns; 1 unsure: zip (kept as string: leading zeros)` */
function summary({ table, whole, badRows, firstBad }: Sampled): string {
  const rows = whole ? counted(table.rows, 'row') : `the first ${counted(table.rows, 'row')}`;
  const key = table.key.length > 0 ? `key ${plain(table.key.join(', '))} (unique, not null)` : 'no key found';
  const unsure = table.columns.filter(column => column.unsure !== undefined);
  const doubts = unsure.map(column => `${plain(column.name)} (${column.unsure})`).join(', ');
  const bad = firstBad
    ? `; ${counted(badRows, 'row')} cannot be read, the first in line ${firstBad.line}: ${plain(reasonOf(firstBad))}`
    : '';
  const written = table.delimiter === undefined ? '' : `, delimiter ${JSON.stringify(table.delimiter)}`;
  const doubt = doubts === '' ? '' : `; ${count(unsure.length)} unsure: ${doubts}`;
  return `${table.name}: ${rows}, ${key}, ${counted(table.columns.length, 'column')}${written}${doubt}${bad}`;
}

function reasonOf({ code, reason }: BadRow): string {
  return code === 'TM_2105' ? `${reason}; convert the file to UTF-8` : reason;
}

/** A folder's name as a lake's name. */
function lakeName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 50);
  return name === '' ? 'lake' : name;
}

const HELP = `
A column is taken as the key when it is unique and not null in the sample and is named id, <table>_id, or stands first.
Without one, a terminal is asked, and elsewhere the config says key: [] // TODO, which ingest refuses.

Examples:
  tidemark init orders.csv
  tidemark init samples/ --force
  tidemark init orders.csv --config orders.config.ts
`;
