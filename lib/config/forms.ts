import { show } from './problems';

interface Form {
  readonly form: RegExp;
  /** What it is, with an example. */
  readonly what: string;
}

const arn = (service: string, resource: string) =>
  new RegExp(`^arn:[\\w-]+:${service}:[\\w-]+:\\d{12}:${resource}.`);

/** What names things of an account. */
export const FORMS = {
  // A policy that names an alias opens nothing.
  key: { form: arn('kms', 'key/'), what: 'the ARN of a key: arn:aws:kms:<region>:<account>:key/<id>' },
  secret: {
    form: arn('secretsmanager', 'secret:'),
    what: 'the ARN of a secret: arn:aws:secretsmanager:<region>:<account>:secret:<name>-<six letters>',
  },
  certificate: {
    form: arn('dms', 'cert:'),
    what: 'the ARN of a certificate in DMS: arn:aws:dms:<region>:<account>:cert:<id>',
  },
  stream: {
    form: arn('kinesis', 'stream/'),
    what: 'the ARN of a stream: arn:aws:kinesis:<region>:<account>:stream/<name>',
  },
  vpc: { form: /^vpc-[0-9a-f]+$/, what: 'the id of a VPC: vpc-0a1b2c3d' },
  subnet: { form: /^subnet-[0-9a-f]+$/, what: 'the id of a subnet: subnet-0a1b2c3d' },
  group: { form: /^sg-[0-9a-f]+$/, what: 'the id of a security group: sg-0a1b2c3d' },
  // No wildcard: rights on copies are of exactly this place.
  copies: {
    form: /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/(?:[^*?$/]+\/)*$/,
    what: 'a bucket, or a folder in one: s3://bucket/exports/',
  },
  mail: { form: /^[^\s@]+@[^\s@]+$/, what: 'an address: lake@example.com' },
} as const satisfies Record<string, Form>;

/** What the CDK makes in the same app is known only when it is deployed; its text stands for it until then. */
const isToken = (value: string) => /[$#]\{Token\[/.test(value);

export function checkForm(
  value: string | undefined,
  { form, what }: Form,
  fault: (message: string) => void,
): void {
  if (value === undefined || isToken(value) || form.test(value)) return;
  fault(`${show(value)} is not ${what}`);
}
