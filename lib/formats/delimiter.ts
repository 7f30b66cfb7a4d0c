import { firstRows } from './csv-rows';
import type { SourceFile } from './format';

/** In the order of preference where two fit alike. */
const DELIMITERS = [',', ';', '\t', '|'];

/**
 * The delimiter that a CSV file seems to use: of those under which its first row has several fields the one under which
 * most rows have as many; undefined where there is none, as in a file of one column.
 * @throws as firstRows
 */
export async function delimiterOf(file: SourceFile): Promise<string | undefined> {
  let best: { readonly delimiter: string; readonly fit: number; readonly width: number } | undefined;
  for (const delimiter of DELIMITERS) {
    const rows = await firstRows(file, { delimiter });
    const width = rows[0]?.length ?? 0;
    if (width < 2) continue;
    const fit = rows.filter(row => row.length === width).length / rows.length;
    if (!best || fit > best.fit || (fit === best.fit && width > best.width)) best = { delimiter, fit, width };
  }
  return best?.delimiter;
}
