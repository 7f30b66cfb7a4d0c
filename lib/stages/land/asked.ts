import type { IngestRequest } from '../ingest/request';

/** What folders of a landing key say of the file, where its name does not. */
export type Asked = Pick<IngestRequest, 'table' | 'date' | 'again'>;

const FOLDER = /^(table|date|again)=(.+)$/;

/**
 * The table, the date and the repetition that folders like `table=employees/date=2021-01-01/` name: what `ingest` is
 * told by its options, and anybody else who uploads `day1.csv` can say by its place.
 */
export function askedOf(key: string): Asked {
  const named = key
    .split('/')
    .slice(0, -1)
    .flatMap(folder => {
      const found = FOLDER.exec(folder);
      return found ? [[found[1]!, found[2]!] as const] : [];
    });
  return Object.fromEntries(named);
}

/** The folders that say it, with their `/`. */
export function foldersOf({ table, date, again }: Asked): string {
  return Object.entries({ table, date, again })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}/`)
    .join('');
}
