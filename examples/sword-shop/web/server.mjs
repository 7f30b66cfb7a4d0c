import { createServer } from 'node:http';
import { visit } from './game.mjs';

/**
 * The game on this machine: each visit's event is posted to the intake before the visitor has an answer.
 * @param intake where it listens, as `tidemark listen` says
 */
export function game(intake) {
  return createServer(async (request, response) => {
    const found = visit(request.url, pairs(request.rawHeaders));
    if (request.method !== 'GET' || !found) return response.writeHead(404).end('Nothing here.\n');
    const taken = await post(`${intake}/events/events`, found.event).catch(() => false);
    if (taken) response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(found.reply);
    else response.writeHead(503).end('Try again.\n');
  });
}

const pairs = raw => raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1]]] : []));

async function post(url, event) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(event) });
  await answer.arrayBuffer();
  return answer.status === 202;
}
