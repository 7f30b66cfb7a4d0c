// The HTTP side of faults and records.
import { json } from 'node:stream/consumers';

/** Answers a request under /moto-api/tidemark/. */
export async function control({ faults, requests }, request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://stand-in');
  const what = `${request.method} ${pathname.slice('/moto-api/tidemark/'.length)}`;
  const principal = searchParams.get('principal');
  const answers = {
    'POST faults': async () => ({ id: faults.add(await json(request)) }),
    'GET faults': () => faults.list(),
    'DELETE faults': () => faults.remove(searchParams.get('id') ?? undefined),
    'GET requests': () => requests.of(principal),
    'DELETE requests': () => requests.forget(principal),
  };
  try {
    if (answers[what] === undefined) throw new Error(`no control ${what}`);
    const answer = (await answers[what]()) ?? {};
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  } catch (error) {
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: error.message }));
  }
}
