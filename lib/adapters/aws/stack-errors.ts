import { TidemarkError } from '../../errors';
import { nameOf } from './failures';

/** TM_5209: the environment names no credentials of AWS, or no region, or they are over. */
export const credentialsMissing = (cause: unknown) =>
  new TidemarkError(
    'TM_5209',
    `there are no credentials of AWS (${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)})`,
    'the environment',
    'sign in (aws sso login, aws configure) and set AWS_PROFILE and AWS_REGION',
    { cause },
  );

/** Nobody is signed in, or for too long. */
export function isSignedOut(error: unknown): boolean {
  const message = error instanceof Error ? error.message : '';
  return nameOf(error) === 'CredentialsProviderError' || /Region is missing|ExpiredToken/.test(message);
}
