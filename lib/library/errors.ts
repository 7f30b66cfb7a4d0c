import { TidemarkError } from '../errors';

/** TM_7101: a date in a call that no calendar has, or written otherwise; it would name a day that nobody asks for. */
export const notADate = (text: string) =>
  new TidemarkError('TM_7101', `"${text}" is not a date`, 'the call', 'write it as YYYY-MM-DD');

/** TM_7102: what a call was given is of another form than it takes. */
export const optionUnfit = (what: string, write: string) =>
  new TidemarkError('TM_7102', what, 'the call', `write it as ${write}`);
