const DAY_MS = 86_400_000;
/** Years 1 to 9999. */
export const FIRST_MS = -62_135_596_800_000;
export const LAST_MS = 253_402_300_799_999;

const TWO = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));
const THREE = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'));

/** Days as text, most often few. */
const days = new Map<number, string>();
const DAYS_MAX = 4096;

/** `YYYY-MM-DD` of days since 1970; undefined outside of the years 1 to 9999. */
export function dayText(day: number): string | undefined {
  const ms = day * DAY_MS;
  if (!(ms >= FIRST_MS && ms <= LAST_MS)) return undefined;
  const known = days.get(day);
  if (known !== undefined) return known;
  const text = new Date(ms).toISOString().slice(0, 10);
  if (days.size >= DAYS_MAX) days.clear();
  days.set(day, text);
  return text;
}

/** `YYYY-MM-DDTHH:MM:SS.mmm` of milliseconds since 1970, whole ones; undefined outside of the years 1 to 9999. */
export function dayTime(ms: number): string | undefined {
  const day = Math.floor(ms / DAY_MS);
  const text = dayText(day);
  if (text === undefined) return undefined;
  const rest = ms - day * DAY_MS;
  const [h, m, s] = [
    Math.floor(rest / 3_600_000),
    Math.floor(rest / 60_000) % 60,
    Math.floor(rest / 1000) % 60,
  ];
  return `${text}T${TWO[h]}:${TWO[m]}:${TWO[s]}.${THREE[rest % 1000]}`;
}

/** As `dayTime`, of microseconds. */
export function dayTimeMicros(us: number | bigint): string | undefined {
  if (typeof us === 'number') {
    const ms = Math.floor(us / 1000);
    const text = dayTime(ms);
    return text && text + THREE[us - ms * 1000]!;
  }
  const rest = ((us % 1000n) + 1000n) % 1000n;
  const text = dayTime(Number((us - rest) / 1000n));
  return text && text + THREE[Number(rest)]!;
}

/** `[-]HH:MM:SS[.ffffff]` of microseconds, as MySQL prints a TIME: negative or beyond a day where it is a duration. */
export function durationText(us: number): string {
  const all = Math.abs(us);
  const seconds = Math.floor(all / 1e6);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const rest = all - seconds * 1e6;
  const fraction = rest === 0 ? '' : `.${String(rest).padStart(6, '0')}`;
  return `${us < 0 ? '-' : ''}${String(h).padStart(2, '0')}:${TWO[m]}:${TWO[s]}${fraction}`;
}
