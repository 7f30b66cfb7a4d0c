import { TidemarkError } from '../errors';

/** TM_7075: more events wait to be taken in than memory should hold. */
export const streamFull = () =>
  new TidemarkError('TM_7075', 'too many events wait to be taken in', 'the intake', 'send them again later');

/** TM_7076: the intake cannot listen at an address: another program does, or it is none of this machine's. */
export const cannotListen = (address: string, cause: Error) =>
  new TidemarkError('TM_7076', `cannot listen: ${cause.message}`, address, 'name another port with --port', {
    cause,
  });

/** TM_7077: the config has no http source, or several of which none was named. */
export const noHttpSource = (found: readonly string[], named?: string) =>
  new TidemarkError(
    'TM_7077',
    named === undefined
      ? `the config has ${found.length === 0 ? 'no source' : 'several sources'} of kind http`
      : `"${named}" is not a source of kind http`,
    'sources',
    found.length === 0
      ? "declare one: sources: { events: { kind: 'http' } }"
      : `name one with --source: ${found.join(', ')}`,
  );
