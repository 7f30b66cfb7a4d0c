/** Calendar arithmetic of the date transforms: whole numbers, floor before 1970, no Date and no BigInt. */

/**
 * Days since 1970 of a timestamp: floor(micros / 86,400,000,000), the micros as a low and a high 32-bit word.
 * A day is 2^13 x 10,546,875 micros. Shifting by 13 first leaves 51 bits, exact in a double, and the quotient
 * stays far enough from the next integer that its rounding cannot reach it.
 */
export function daysOfMicros(low: number, high: number): number {
  return Math.floor((high * 0x80000 + (low >>> 13)) / 10_546_875);
}

/** Hours since 1970, the same way: an hour is 2^10 x 3,515,625 micros; what passes 32 bits wraps as in Java. */
export function hoursOfMicros(low: number, high: number): number {
  return Math.floor((high * 0x400000 + (low >>> 10)) / 3_515_625) | 0;
}

/**
 * Months since January 1970 of a day, in the proleptic Gregorian calendar: days are counted from 1 March of
 * year 0, where the leap day ends a year and a 400-year era has 146,097 days (Hinnant, days_from_civil).
 */
export function monthsOfDay(day: number): number {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leaps = Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  return (yearOfEra + era * 400 - 1970) * 12 + monthFromMarch + 2;
}

/** Years since 1970 of a day. */
export function yearsOfDay(day: number): number {
  return Math.floor(monthsOfDay(day) / 12);
}

/** The first day of a month, both since 1970: the inverse of monthsOfDay. */
export function firstDayOfMonth(month: number): number {
  const fromMarch = month + 1970 * 12 - 2;
  const year = Math.floor(fromMarch / 12);
  const leaps = Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400);
  return 365 * year + leaps + Math.floor((153 * (fromMarch - 12 * year) + 2) / 5) - 719_468;
}
