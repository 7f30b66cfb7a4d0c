import { isIP } from 'node:net';

const ANYWHERE = new Set(['0.0.0.0', '::']);

/**
 * Which `host` headers name an intake that listens there. A page of another site may have its own name lead to this machine;
 * the browser then takes the intake for that site, and asks nobody before it posts. An address cannot be led so.
 * @param host where it listens; of every address, any name is its own
 */
export function namesOf(host: string): (header: string) => boolean {
  return header => {
    const named = header.replace(/:\d*$/, '').toLowerCase();
    if (ANYWHERE.has(host) || named === host.toLowerCase()) return true;
    return /^(.+\.)?localhost$/.test(named) || isIP(named.replace(/^\[(.*)\]$/, '$1')) !== 0;
  };
}
