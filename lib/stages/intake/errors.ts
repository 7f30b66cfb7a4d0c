import { TidemarkError } from '../../errors';

/** TM_2371: the body is no JSON in UTF-8, or holds no event. */
export const notEvents = (why: string, where: string) =>
  new TidemarkError('TM_2371', `the body ${why}`, where, 'send one JSON object, or an array of them');

/** TM_2372: one of the events of a body is no JSON object. Nothing of the body was put. */
export const eventNotObject = (at: number, where: string) =>
  new TidemarkError(
    'TM_2372',
    `event ${at} is no JSON object`,
    where,
    'send one JSON object, or an array of them; events are counted from 0',
  );

/** TM_2373: no table is `from` what an event was posted to, or the http source does not take its events. */
export const noSuchTable = (table: string, where: string) =>
  new TidemarkError(
    'TM_2373',
    `events of ${JSON.stringify(table.slice(0, 100))} are not taken here`,
    where,
    'post to /events/<source table>, as the `from` of an append table says it; others the http source names in `tables`',
  );

/** TM_2374: a body, or an event of it, is larger than what is taken. Nothing of the body was put. */
export const tooLarge = (what: string, where: string) =>
  new TidemarkError('TM_2374', what, where, 'send fewer events at a time, or smaller ones');

/** TM_2375: a path that the intake does not have. */
export const noSuchPath = (where: string) =>
  new TidemarkError('TM_2375', 'there is nothing at this path', where, USE);

/** TM_2377: a method that the intake does not have. */
export const noSuchMethod = (where: string) =>
  new TidemarkError('TM_2377', 'nothing but POST is taken here', where, USE);

/** TM_2378: a body that is not said to be JSON. Browsers post others to any site, whoever's page asks them to. */
export const notJsonType = (type: string, where: string) =>
  new TidemarkError(
    'TM_2378',
    `a body of type ${type.slice(0, 60) || 'unknown'} is not taken`,
    where,
    'send the header content-type: application/json',
  );

/** TM_2380: a body that is compressed. What it would unpack to, nobody knows before it is unpacked. */
export const encodedBody = (encoding: string, where: string) =>
  new TidemarkError(
    'TM_2380',
    `a body with content-encoding ${encoding.slice(0, 60)} is not taken`,
    where,
    'send it as it is, without compression',
  );

/** TM_2379: a header `host` that is no name of the intake: a page may have had its own name lead here (DNS rebinding). */
export const otherHost = (host: string, where: string) =>
  new TidemarkError(
    'TM_2379',
    `${JSON.stringify(host.slice(0, 100))} is no name of this intake`,
    where,
    'post to localhost, to an address, or to the name that --host says',
  );

const USE = 'POST JSON to /events/<source table>';

/** TM_2376: the stream did not take all of a body's events. The answer says which it has. */
export const notAllPut = (why: string, where: string) =>
  new TidemarkError(
    'TM_2376',
    `the stream did not take every event: ${why}`,
    where,
    'send those again that have no id in the answer',
  );
