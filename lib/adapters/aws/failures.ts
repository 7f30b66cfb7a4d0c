/** The error's name: AWS's code of it (`NoSuchKey`), or the SDK's own (`TimeoutError`). */
export function nameOf(error: unknown): string {
  return String((error as Partial<SdkError> | undefined)?.name ?? error);
}

/** The HTTP status of an answer that is an error; undefined when there was no answer. */
export function statusOf(error: unknown): number | undefined {
  return (error as Partial<SdkError> | undefined)?.$metadata?.httpStatusCode;
}

/** The call was refused for lack of a permission. */
export function isDenied(error: unknown): boolean {
  return statusOf(error) === 403 || DENIED.has(nameOf(error));
}

/** The service was busy: what was asked did not happen and may be asked again. */
export function isThrottled(error: unknown): boolean {
  return statusOf(error) === 429 || THROTTLED.has(nameOf(error));
}

/**
 * Another try may succeed: the service was busy, failed on its side, or did not answer. Unless it was busy, what was
 * asked may have happened, or may still.
 */
export function isTransient(error: unknown): boolean {
  if (isThrottled(error)) return true;
  const status = statusOf(error);
  if (status !== undefined) return status >= 500 || status === 408;
  const { code } = (error ?? {}) as Partial<SdkError>;
  return UNANSWERED.has(nameOf(error)) || (code !== undefined && UNREACHED.has(code));
}

interface SdkError {
  readonly name: string;
  readonly code: string;
  readonly $metadata: { readonly httpStatusCode?: number };
}

const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'UnrecognizedClientException']);

const THROTTLED = new Set([
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/** An answer that was cut off does not parse. */
const UNANSWERED = new Set(['TimeoutError', 'RequestTimeout', 'RequestTimeoutException', 'SyntaxError']);

const UNREACHED = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
]);
