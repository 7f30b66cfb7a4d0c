import { isReservedColumn } from '../../lib/config/reserved';
import { isReserved, LOG_COLUMNS } from '../../lib/table/columns';

test.each(LOG_COLUMNS.map(c => c.name))(
  'reserved.own: no config declares %s, and no file brings it',
  name => {
    for (const word of [name, name.toUpperCase()]) {
      expect(isReservedColumn(word)).toBe(true);
      expect(isReserved(word)).toBe(true);
    }
  },
);
