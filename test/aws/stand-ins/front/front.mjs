// The front door of the stand-ins: every call of the product goes through it to moto, DynamoDB Local or the Athena gate.
// It records what is called by whom and what rights that takes, makes calls fail where a test asks for it, and adds
// what depends on the caller: S3 says 403 of a missing key to principals that may not list.
//
// A principal is the access key id. `no-list-...` is one without s3:ListBucket.
// Control (any of the doors), JSON:
//   POST   /moto-api/tidemark/faults             a rule, see faults.mjs -> { id }
//   GET    /moto-api/tidemark/faults             what the rules met
//   DELETE /moto-api/tidemark/faults[?id=]
//   GET    /moto-api/tidemark/requests[?principal=]
//   DELETE /moto-api/tidemark/requests[?principal=]
import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { callOf, needsBody } from './call.mjs';
import { control } from './control.mjs';
import { answerOf, Faults } from './faults.mjs';
import { permissionsOf } from './permissions.mjs';
import { Requests } from './requests.mjs';

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

/** Serves doors: { port -> upstream port }. Gives the function that closes them. */
export async function openFront(doors) {
  const state = { faults: new Faults(), requests: new Requests(), workGroups: new Map() };
  const servers = await Promise.all(
    Object.entries(doors).map(
      ([port, upstream]) =>
        new Promise((resolve, reject) => {
          const server = http.createServer((request, response) => {
            pass(state, { request, response, upstream }).catch(() => response.destroy());
          });
          server.keepAliveTimeout = 60_000; // longer than the SDK keeps a connection it does not use
          server.once('error', reject).listen(Number(port), '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  return () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    agent.destroy();
  };
}

async function pass(state, { request, response, upstream }) {
  if (request.url.startsWith('/moto-api/tidemark/')) return control(state, request, response);
  if (request.url.startsWith('/moto-api') || request.url.startsWith('/tidemark/')) {
    return forward(request, response, { upstream, body: undefined });
  }
  const body = needsBody(request) ? await buffer(request) : undefined;
  const call = callOf(request, body);
  const record = { at: Date.now(), ...named(call), permissions: permissionsOf(withWorkGroup(state, call)) };
  const kind = state.faults.next(call);
  state.requests.add(record);
  if (kind !== undefined) record.fault = kind;
  const refusal = kind === undefined ? undefined : answerOf(kind, call);
  if (refusal !== undefined) {
    record.status = refusal.status;
    request.resume(); // a client that is still sending would see a broken connection instead
    response.writeHead(refusal.status, refusal.headers).end(refusal.body);
    return;
  }
  await forward(request, response, { upstream, body, record, call, kind, state });
}

const named = ({ service, operation, principal, bucket, key }) => ({
  principal,
  service,
  operation,
  bucket,
  key,
});

const withWorkGroup = (state, call) => ({
  ...call,
  workGroup: state.workGroups.get(call.input?.QueryExecutionId),
});

function forward(request, response, passing) {
  const { upstream, body, call, kind } = passing;
  const refused = kind === 'partial' ? everyThird(call.input.Records) : undefined;
  const sent =
    refused === undefined ? body : Buffer.from(JSON.stringify({ ...call.input, Records: refused.taken }));
  const headers = { ...request.headers };
  delete headers.expect; // answered here already
  // DynamoDB Local takes letters and digits only in an access key id; it has one database for all of them.
  if (call?.service === 'dynamodb')
    headers.authorization = headers.authorization?.replace(/Credential=.*?\/(?=\d{8}\/)/, 'Credential=test/');
  if (sent !== undefined) headers['content-length'] = String(sent.length);
  return new Promise((resolve, reject) => {
    const onward = http.request(
      { port: upstream, host: '127.0.0.1', method: request.method, path: request.url, headers, agent },
      answer => {
        settle(answer, response, { ...passing, refused }).then(resolve, reject);
      },
    );
    onward.on('error', reject);
    response.on('close', () => response.writableFinished || onward.destroy());
    if (sent !== undefined) onward.end(sent);
    else request.pipe(onward);
  });
}

async function settle(answer, response, { call, record, kind, refused, state }) {
  if (record !== undefined) record.status = answer.statusCode;
  if (kind === 'lost') {
    await buffer(answer); // whole, so that the call surely is done
    response.destroy();
    return;
  }
  if (refused !== undefined) {
    const whole = JSON.stringify(withRefused(JSON.parse(await buffer(answer)), refused));
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(whole);
    return;
  }
  if (call !== undefined && hidesMissing(call, answer)) {
    const text = (await buffer(answer)).toString();
    if (call.method === 'HEAD' || text.includes('<Code>NoSuchKey</Code>')) {
      if (record !== undefined) record.status = 403;
      denied(response, call);
    } else response.writeHead(answer.statusCode, answer.headers).end(text);
    return;
  }
  if (call?.operation === 'StartQueryExecution' && answer.statusCode === 200) {
    const text = await buffer(answer);
    state.workGroups.set(JSON.parse(text).QueryExecutionId, call.input.WorkGroup ?? 'primary');
    response.writeHead(answer.statusCode, answer.headers).end(text);
    return;
  }
  response.writeHead(answer.statusCode, answer.headers);
  answer.on('error', () => response.destroy());
  answer.pipe(response);
}

// docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html: "If you don't have the s3:ListBucket permission, Amazon
// S3 returns an HTTP status code 403 Access Denied error" for an object that does not exist.
const READS = new Set(['GetObject', 'HeadObject', 'CopyObject', 'UploadPartCopy']);
const hidesMissing = (call, answer) =>
  answer.statusCode === 404 && call.principal.startsWith('no-list') && READS.has(call.operation);

function denied(response, call) {
  const body =
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';
  response
    .writeHead(403, { 'content-type': 'application/xml' })
    .end(call.method === 'HEAD' ? undefined : body);
}

/** Never the first: a put that is tried again gets on. */
const isRefused = index => index % 3 === 1;

const everyThird = records => ({
  of: records,
  taken: records.filter((_, index) => !isRefused(index)),
});

/** docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html: the answer's order is the request's. */
function withRefused(answer, { of }) {
  const taken = answer.Records.values();
  const Records = of.map((_, index) =>
    isRefused(index)
      ? { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded for shard.' }
      : taken.next().value,
  );
  return { ...answer, FailedRecordCount: of.length - answer.Records.length, Records };
}
