import { basename } from 'node:path';
import type { Arrival } from '../../runtime/lake';

/** Codes of files that come again: no config takes in their bytes, or several tables do, and none of them waits then. */
const COME_AGAIN: ReadonlySet<string> = new Set([
  'TM_2105',
  'TM_2106',
  'TM_2107',
  'TM_2108',
  'TM_2110',
  'TM_2303',
  'TM_2387',
]);

/** What to do about a file in quarantine, and how to take it in after that. */
export function mendLine({ object, outcome, error }: Arrival): string {
  const name = basename(object);
  if (!error || outcome === 'rows-quarantined')
    return `  mend: see tidemark quarantine show ${name}, then tidemark replay ${name}`;
  const said = error.message.split(' · ').at(-1)!;
  // What waits on tells why and where, and has no step of its own.
  const known = said === object ? `see tidemark quarantine show ${name}` : said;
  const next = stepFor(error.code, error.reason) ?? known;
  const step = next.replace(/, then replay( it| the file)?$/, '');
  return COME_AGAIN.has(error.code) ? `  mend: ${step}` : `  mend: ${step}, then tidemark replay ${name}`;
}

/** Where a row is at fault, the error of the file does not say what option of the config could take it in. */
function stepFor(code: string, reason: string): string | undefined {
  if (code === 'TM_2101')
    return "declare the table's columns in the order of the file, or correct the row and send the file again";
  if (code === 'TM_2105') return 'convert the file to UTF-8 (iconv -f LATIN1 -t UTF-8) and send it again';
  if (code === 'TM_2104') return 'name the op column with opColumn';
  if (code !== 'TM_2103') return undefined;
  if (/"-?\d+,\d+" is not/.test(reason)) return 'set format: { decimalComma: true } in tidemark.config.ts';
  return 'declare a type that holds the value, or set format: { nullLiteral } in tidemark.config.ts';
}
