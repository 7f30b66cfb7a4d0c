import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { MOTO, standIn } from '../endpoints';
import { as, withoutList } from './controls';

const Bucket = `stand-ins-s3-${process.pid}`;
const clientOf = (credentials: ReturnType<typeof as>) =>
  new S3Client({ ...standIn(MOTO), credentials, forcePathStyle: true, maxAttempts: 1 });
const client = clientOf(as('stand-ins-s3'));
const blind = clientOf(withoutList('stand-ins-s3'));

const status = (sending: Promise<unknown>) =>
  sending.then(
    () => 200,
    error => error.$metadata.httpStatusCode as number,
  );

beforeAll(async () => {
  await client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => {
  client.destroy();
  blind.destroy();
});

test('s3.missing is 404 to who may list, 403 to who may not', async () => {
  const Key = 'nowhere/at all';
  expect(await status(client.send(new GetObjectCommand({ Bucket, Key })))).toBe(404);
  expect(await status(client.send(new HeadObjectCommand({ Bucket, Key })))).toBe(404);
  await expect(blind.send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject({
    name: 'AccessDenied',
  });
  expect(await status(blind.send(new HeadObjectCommand({ Bucket, Key })))).toBe(403);
});

test('s3.missing leaves what is there and what is no key alone', async () => {
  await client.send(new PutObjectCommand({ Bucket, Key: 'here', Body: 'x' }));
  expect(await status(blind.send(new GetObjectCommand({ Bucket, Key: 'here' })))).toBe(200);
  expect(await status(blind.send(new GetObjectCommand({ Bucket: 'no-such-bucket-here', Key: 'k' })))).toBe(
    404,
  );
});

test('s3.copy minds the source that it was told', async () => {
  const { ETag } = await client.send(
    new PutObjectCommand({ Bucket, Key: 'source', Body: 'x'.repeat(6 << 20) }),
  );
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'copy' }));
  const part = (CopySourceIfMatch: string) =>
    client.send(
      new UploadPartCopyCommand({
        Bucket,
        Key: 'copy',
        UploadId,
        PartNumber: 1,
        CopySource: `${Bucket}/source`,
        CopySourceIfMatch,
        CopySourceRange: 'bytes=0-5242879',
      }),
    );
  expect(await status(part('"0123456789abcdef0123456789abcdef"'))).toBe(412);
  const copied = await part(ETag!);
  await client.send(
    new CompleteMultipartUploadCommand({
      Bucket,
      Key: 'copy',
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag: copied.CopyPartResult!.ETag }] },
    }),
  );
  expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'copy' }))).ContentLength).toBe(5 << 20);
  const whole = (CopySourceIfMatch: string) =>
    client.send(
      new CopyObjectCommand({ Bucket, Key: 'whole', CopySource: `${Bucket}/source`, CopySourceIfMatch }),
    );
  expect(await status(whole('"0123456789abcdef0123456789abcdef"'))).toBe(412);
  expect(await status(whole(ETag!))).toBe(200);
});

test('s3.conditional put has one winner of twenty', async () => {
  const racing = Array.from({ length: 20 }, (_, index) =>
    status(client.send(new PutObjectCommand({ Bucket, Key: 'once', Body: String(index), IfNoneMatch: '*' }))),
  );
  const outcomes = await Promise.all(racing);
  expect(outcomes.filter(code => code === 200)).toHaveLength(1);
  expect(outcomes.filter(code => code === 412)).toHaveLength(19);
});
