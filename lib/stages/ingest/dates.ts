/** The calendar date of an instant in a time zone, `YYYY-MM-DD`. */
export function localDate(ms: number, timezone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' });
  return parts.format(ms);
}
