import type { FormatKind } from './format';

/** What a path says about its file. A declaration in the config overrides every part of it. */
export interface Detected {
  readonly format: FormatKind;
  readonly schema?: string;
  /** undefined: the path does not name the table, it must be declared. */
  readonly table?: string;
  /** A copy of the table, not changes. */
  readonly load: boolean;
  /** UTC micros of a name like 20211017-194324349. */
  readonly fileTime?: bigint;
  /** YYYY-MM-DD in a plain file's name: at its end, or the one such date in it. */
  readonly date?: string;
}

const EXTENSION = /^(.+)\.(csv|parquet|jsonl|ndjson|json)(?:\.gz)?$/i;
/** DMS numbers load files with 8 hex digits. */
const LOAD = /^LOAD[0-9A-F]{8}$/i;
const CHANGES = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)(\d{3,4})$/;
const DATE_FOLDERS = /^\d{4}\/\d\d\/\d\d$/;
const LONE_DATE = /(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)/g;
const DATED = /^(?:(.*?)[-_.]?)(\d{4})(-?)(\d\d)\3(\d\d)$/;

/**
 * What the path of a file says: the layouts of AWS DMS, `[folder/]schema/table/LOAD00000001.csv` and
 * `[folder/]schema/table/[YYYY/MM/DD/]YYYYMMDD-HHMMSSmmm.csv` (or parquet, or .gz), else a plain file whose
 * name is its table's, perhaps with a date: `orders-2021-01-02.csv`. undefined: no format has that extension.
 */
export function detect(path: string): Detected | undefined {
  const parts = path.split('/').filter(part => part !== '' && part !== '.');
  const named = EXTENSION.exec(parts.pop() ?? '');
  if (!named) return undefined;
  const stem = named[1]!;
  const extension = named[2]!.toLowerCase();
  const text = extension === 'csv';
  if (text || extension === 'parquet') {
    const format = text ? 'dms-csv' : 'dms-parquet';
    if (LOAD.test(stem)) return { format, ...owner(parts), load: true };
    const fileTime = timeOf(stem);
    if (fileTime !== undefined) return { format, ...owner(parts), load: false, fileTime };
    return { format: text ? 'csv' : 'dms-parquet', load: !text, ...plainName(stem, parts) };
  }
  return { format: 'json-lines', load: false, ...plainName(stem, parts) };
}

/** Table and schema are the last two folders, those of DMS's date partitioning left out. */
function owner(folders: readonly string[]): Pick<Detected, 'schema' | 'table'> {
  const dated = DATE_FOLDERS.test(folders.slice(-3).join('/'));
  const own = dated ? folders.slice(0, -3) : folders;
  return { schema: own.at(-2), table: own.at(-1) };
}

/** The instant of a change file's name, if it is one. Some versions write a fourth digit after the seconds. */
function timeOf(stem: string): bigint | undefined {
  const m = CHANGES.exec(stem);
  if (!m) return undefined;
  const [, year, month, day, hour, minute, second, fraction] = m;
  if (!isDate(year!, month!, day!) || hour! > '23' || minute! > '59' || second! > '59') return undefined;
  const millis = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second!);
  return BigInt(millis) * 1000n + BigInt(fraction!.padEnd(6, '0'));
}

/**
 * A plain file is named after its table; one named after a date alone lies in a folder that is. A date with something
 * behind it (`orders-2021-01-02-v2`) does not say where the table's name ends, but it is the file's date, whoever
 * names the table: the day of arrival would put an old file behind every newer one.
 */
function plainName(stem: string, folders: readonly string[]): Pick<Detected, 'table' | 'date'> {
  const m = DATED.exec(stem);
  if (!m || !isDate(m[2]!, m[4]!, m[5]!)) return { table: stem, ...loneDate(stem) };
  return { table: m[1] === '' ? folders.at(-1) : m[1], date: `${m[2]}-${m[4]}-${m[5]}` };
}

/** The date, if exactly one stands in the name. */
function loneDate(stem: string): Pick<Detected, 'date'> {
  const dates = [...stem.matchAll(LONE_DATE)].filter(([, year, month, day]) => isDate(year!, month!, day!));
  return dates.length === 1 ? { date: dates[0]![0] } : {};
}

function isDate(year: string, month: string, day: string): boolean {
  const date = new Date(Date.UTC(+year, +month - 1, +day));
  return +year >= 1 && date.getUTCMonth() === +month - 1 && date.getUTCDate() === +day;
}
