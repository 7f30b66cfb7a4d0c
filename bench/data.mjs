// The bench's data: sixteen columns of everyday types, the same for every run.
import { closeSync, openSync, writeSync } from 'node:fs';

export const COLUMNS = {
  id: 'bigint',
  customer_id: 'bigint',
  status: 'string',
  amount: 'decimal(12,2)',
  tax: 'decimal(12,2)',
  quantity: 'int',
  city: 'string',
  note: 'string',
  email: 'string',
  score: 'double',
  active: 'boolean',
  created_on: 'date',
  created_at: 'timestamp',
  updated_at: 'timestamp',
  region: 'string',
  version: 'bigint',
};

const CITIES = ['Lyon', 'New York', 'São Paulo', 'Tokyo', 'Nairobi', 'Oslo', 'Lima', 'Perth'];
const pad = n => String(n).padStart(2, '0');

function row(id, version) {
  const h = Math.imul(id, 2654435761) >>> 0;
  const day = `20${10 + (h % 14)}-${pad(1 + (h % 12))}-${pad(1 + (h % 28))}`;
  const time = `${day} ${pad(h % 24)}:${pad((h >>> 5) % 60)}:${pad((h >>> 11) % 60)}`;
  const cents = h % 1_000_000;
  return (
    `${id},${h % 50_000},${['open', 'paid', 'sent', 'back'][h % 4]},${(cents / 100).toFixed(2)},${(cents / 500).toFixed(2)},` +
    `${h % 100},${CITIES[h % 8]},"note ${h % 977}, of ${id % 31}",user${h % 70_000}@example.com,${(h % 100_003) / 7},` +
    `${h % 2 === 0},${day},${time}.${String(h % 1_000_000).padStart(6, '0')},${time},${h % 3 ? `r${h % 12}` : ''},${version}\n`
  );
}

/** Rows 1..rows under a header. */
export function writeTable(path, rows) {
  write(path, `${Object.keys(COLUMNS).join(',')}\n`, function* () {
    for (let id = 1; id <= rows; id++) yield row(id, 1);
  });
}

/** Changes scattered over the table and beyond its end: nine updates to an insert. Headerless, op first, as DMS. */
export function writeChanges(path, changes, rows) {
  write(path, '', function* () {
    for (let i = 0; i < changes; i++) {
      const isNew = i % 10 === 0;
      const id = isNew ? rows + 1 + i : 1 + ((i * 7919) % rows);
      yield `${isNew ? 'I' : 'U'},${row(id, 2)}`;
    }
  });
}

function write(path, head, lines) {
  const fd = openSync(path, 'w');
  let text = head;
  for (const line of lines()) {
    text += line;
    if (text.length > 1 << 20) {
      writeSync(fd, text);
      text = '';
    }
  }
  writeSync(fd, text);
  closeSync(fd);
}
