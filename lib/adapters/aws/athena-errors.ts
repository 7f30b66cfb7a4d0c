import { TidemarkError } from '../../errors';

/** TM_5251: a parameter that no literal of SQL can say: NaN, or an infinite number. */
export const parameterUnsent = (value: unknown) =>
  new TidemarkError(
    'TM_5251',
    `the parameter ${String(value)} cannot be sent`,
    'SQL',
    'write it into the statement, as nan() or infinity()',
  );

/** TM_5252: the query that is waited for is unknown to Athena, which forgets queries after 45 days. */
export const queryForgotten = (id: string) =>
  new TidemarkError('TM_5252', 'Athena does not know this query', `query ${id}`, 'run the statement again');

/** TM_5253: a statement has more or fewer places for parameters than there are values. */
export const parametersMiscounted = (places: number, values: number) =>
  new TidemarkError(
    'TM_5253',
    `the statement has ${places} parameters, and ${values} values were given`,
    'SQL',
    'give one value a place, in the order of the text',
  );
