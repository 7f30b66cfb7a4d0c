// A rule is a thing that AWS documents as refused: its name, where AWS says so, and the judgement.

import { position } from '../tokens.mjs';

const USER_GUIDE = 'https://docs.aws.amazon.com/athena/latest/ug';

/**
 * @param {string} name for the tests
 * @param {string} page of the user guide, or a whole address
 * @param {(given: any) => string | undefined} refuse Athena's words when it refuses
 */
export function rule(name, page, refuse) {
  return { name, source: page.startsWith('https://') ? page : `${USER_GUIDE}/${page}.html`, refuse };
}

/** The first refusal of a list of rules: { rule, message }, or undefined. */
export function firstRefusal(rules, given) {
  for (const one of rules) {
    const message = one.refuse(given);
    if (message !== undefined) return { rule: one.name, message };
  }
  return undefined;
}

/** The engine's words for a token that its grammar does not expect there. */
export const mismatch = ({ sql }, token, expecting) =>
  `${position(sql, token.at)}: mismatched input '${token.text}'. Expecting: ${expecting}`;
