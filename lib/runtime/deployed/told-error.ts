import { TidemarkError } from '../../errors';

/**
 * An error as its text says it: of the ledger, or of a function, which leaves out words that may quote a row and keeps code
 * and place (lambdas/safe-error.ts). Undefined: the text is no error of ours.
 */
export function toldError(text: string): TidemarkError | undefined {
  const [, code, said] = /^\[(TM_\d{4})\] ([\s\S]*)$/.exec(text) ?? [];
  if (code === undefined || said === undefined) return undefined;
  const [, what, where, next] = /^([\s\S]*) · ([^·]*) · ([^·]*)$/.exec(said) ?? [];
  if (what !== undefined) return new TidemarkError(code as TidemarkError['code'], what, where!, next!);
  const left = 'it failed in AWS; its words may quote a row, and are left out there';
  return new TidemarkError(
    code as TidemarkError['code'],
    left,
    said,
    'see the page of its code in docs/errors.md',
  );
}
