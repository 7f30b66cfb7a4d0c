import type { MessageFormat } from './stream-message';

/** Plain JSON: a record is one object, its members the columns. A member that is missing is absent. */
export function jsonEvents(): MessageFormat {
  return {
    fits: () => true,
    read: ({ bytes }) => ({
      kind: 'change',
      format: 'json',
      load: false,
      change: { bytes, row: { from: 0, to: bytes.length } },
    }),
  };
}
