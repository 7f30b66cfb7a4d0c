const MILLISECONDS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['millisecond', 1],
  ['s', 1000],
  ['second', 1000],
  ['m', 60_000],
  ['min', 60_000],
  ['minute', 60_000],
  ['h', 3_600_000],
  ['hour', 3_600_000],
  ['d', 86_400_000],
  ['day', 86_400_000],
  ['week', 604_800_000],
]);

/** Milliseconds of `30 seconds`, `1 minute`, `1.5 h`, `0 s`; undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  const m = /^(\d+(?:\.\d+)?) ?([a-z]+)$/.exec(text.trim());
  if (!m) return undefined;
  const unit = m[2]!;
  const scale = MILLISECONDS.get(unit) ?? MILLISECONDS.get(unit.replace(/(?<=...)s$/, ''));
  return scale === undefined ? undefined : Math.round(Number(m[1]) * scale);
}
