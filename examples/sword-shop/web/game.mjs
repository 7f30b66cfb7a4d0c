/** The game's pages, by their paths: what is answered, and the event that is sent. */
const PAGES = {
  '/': { type: 'default', reply: 'This is the default response!\n' },
  '/purchase_a_sword': { type: 'purchase_sword', reply: 'Sword Purchased!\n' },
};

/**
 * What a visit comes to; undefined where there is no such page.
 * @param headers pairs of a name, in any case, and its value
 */
export function visit(path, headers) {
  const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  if (!page) return undefined;
  const named = headers.map(([name, value]) => [titled(name), value]);
  return { event: { event_type: page.type, ...Object.fromEntries(named) }, reply: page.reply };
}

/** `user-agent` -> `User-Agent`: some servers hand on headers in lower case. */
const titled = name => name.toLowerCase().replace(/(^|-)[a-z]/g, letter => letter.toUpperCase());
