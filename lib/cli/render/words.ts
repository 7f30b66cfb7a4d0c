const BYTES_PER_STEP = 1024;
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** `1,234`. */
export function count(n: number): string {
  return n.toLocaleString('en');
}

/** `1 row`, `1,234 rows`. */
export function counted(n: number, noun: string, plural = `${noun}s`): string {
  return `${count(n)} ${n === 1 ? noun : plural}`;
}

/** `812 B`, `6 KB`, `1.5 GB`; 1 KB is 1024 bytes. */
export function bytes(n: number): string {
  let value = n;
  let unit = 0;
  while (value >= BYTES_PER_STEP && unit < UNITS.length - 1) {
    value /= BYTES_PER_STEP;
    unit++;
  }
  return `${value < 10 && unit > 1 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** `40 s`, `3 min`, `5 h`, `2 days`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/**
 * `5 new, 1 updated, 2 deleted`; what is 0 is left out. Updated: written anew in place of one that stood, equal or not;
 * `diff` compares.
 */
export function changes(rows: {
  readonly new: number;
  readonly changed: number;
  readonly deleted: number;
}): string {
  const parts = [
    [rows.new, 'new'],
    [rows.changed, 'updated'],
    [rows.deleted, 'deleted'],
  ] as const;
  return (
    parts
      .filter(([n]) => n > 0)
      .map(([n, word]) => `${count(n)} ${word}`)
      .join(', ') || 'unchanged'
  );
}

/** An instant of the last day as local time, an older one with its date. */
export function instant(ms: number, now = Date.now()): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString();
  const recent = Math.abs(now - ms) < 43_200_000;
  return recent ? local.slice(11, 19) : `${local.slice(0, 10)} ${local.slice(11, 19)}`;
}
