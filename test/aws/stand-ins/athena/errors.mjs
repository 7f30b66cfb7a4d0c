/** A refusal of the API: HTTP 400 with Athena's type. */
export class Refusal extends Error {
  constructor(type, message, more = {}) {
    super(message);
    this.type = type;
    this.more = more;
  }
}

export const invalid = (message, code = 'INVALID_INPUT') =>
  new Refusal('InvalidRequestException', message, { AthenaErrorCode: code });

export const tooMany = () =>
  new Refusal(
    'TooManyRequestsException',
    'You have exceeded the limit for the number of queries you can run concurrently.',
    {
      Reason: 'CONCURRENT_QUERY_LIMIT_EXCEEDED',
    },
  );

/** A statement that fails while it runs, in the engine's words. */
export class Failure extends Error {
  constructor(message, { retryable = false } = {}) {
    super(message);
    this.isUserError = !retryable;
    this.retryable = retryable;
  }
}
