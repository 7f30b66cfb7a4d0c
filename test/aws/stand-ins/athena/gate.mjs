// Athena in front of Trino: its JSON API, and a gate that refuses what AWS documents as refused (rules/*.mjs).
// Written from Athena's documentation; it was never compared with Athena itself.
//
// Control, JSON:
//   PUT    /tidemark/groups/<name>           settings of a work group, see groups.mjs
//   GET    /tidemark/groups/<name>/events    state-change events so far
//   DELETE /tidemark/queries/<id>            forgets a query
//   GET    /tidemark/rules                   names and sources of what is refused
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { json } from 'node:stream/consumers';
import { athena, LOST } from './api.mjs';
import { REQUEST_RULES } from './rules/request.mjs';
import { SYNTAX_RULES } from './rules/syntax.mjs';
import { TABLE_RULES } from './rules/tables.mjs';
import { TYPE_RULES } from './rules/types.mjs';
import { VERB_RULES } from './rules/verbs.mjs';
import { Trino } from './trino.mjs';

const RULES = [...REQUEST_RULES, ...SYNTAX_RULES, ...VERB_RULES, ...TABLE_RULES, ...TYPE_RULES];

/**
 * Serves Athena on loopback.
 * @param {{ port: number, trino: string, aws: string }} where urls of Trino, and of S3 for the files of results
 * @returns the function that stops it
 */
export async function openGate({ port, trino, aws }) {
  const service = athena({ trino: new Trino(trino), aws });
  const server = http.createServer((request, response) => serve(service, request, response));
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

async function serve(service, request, response) {
  try {
    send(response, 200, await answer(service, request));
  } catch (error) {
    if (error === LOST) response.destroy();
    else if (error.type) send(response, 400, { message: error.message, ...error.more }, error.type);
    else send(response, 500, { message: error.stack }, 'InternalServerException');
  }
}

function send(response, status, body = {}, type = undefined) {
  const whole = type === undefined ? body : { __type: type, Message: body.message, ...body };
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': randomUUID(),
    ...(type && { 'x-amzn-errortype': type }),
  });
  response.end(JSON.stringify(whole));
}

async function answer(service, request) {
  const target = request.headers['x-amz-target'] ?? '';
  if (target.startsWith('AmazonAthena.'))
    return service.call(target.slice('AmazonAthena.'.length), await json(request));
  const control = `${request.method} ${request.url}`;
  if (control === 'GET /tidemark/rules') return RULES.map(({ name, source }) => ({ name, source }));
  const [, group, events] = /^\w+ \/tidemark\/groups\/([\w.-]+)(\/events)?$/.exec(control) ?? [];
  if (group !== undefined && events === undefined) return service.groups.set(group, await json(request));
  if (group !== undefined) return service.groups.get(group).events;
  const [, query] = /^DELETE \/tidemark\/queries\/([\w-]+)$/.exec(control) ?? [];
  if (query !== undefined) return { forgotten: service.forget(query) };
  return { is: 'the Athena gate' };
}
