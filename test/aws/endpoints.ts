/** Where the stand-ins of AWS listen, and what every client of theirs is made with. */
export const MOTO = process.env.TIDEMARK_MOTO ?? 'http://127.0.0.1:5005';
export const DYNAMODB = process.env.TIDEMARK_DYNAMODB ?? 'http://127.0.0.1:8005';
export const TRINO = process.env.TIDEMARK_TRINO ?? 'http://127.0.0.1:8085';
export const ATHENA = process.env.TIDEMARK_ATHENA ?? 'http://127.0.0.1:8086';

/** Settings of a client of the stand-in at `endpoint`. */
export function standIn(endpoint: string) {
  return { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}
