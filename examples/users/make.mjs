// Writes the users data of the examples: a load of 103 users and five change files, always the same bytes.
// node make.mjs [folder]   (default: this folder)
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SEED = 20211017;
const FORENAMES =
  'Ada Bruno Carla Dario Elif Fatima Goran Hana Ines Jonas Kira Lamar Marta Nuno Olga Pavel Quinn Rosa Sami Tilda Umar Vera Wanda Xenia Yusuf Zoe'.split(
    ' ',
  );
const SURNAMES =
  'Alder Birch Cedar Dogwood Elm Fir Garland Hazel Ivory Juniper Kapok Laurel Maple Nettle Oakes Poplar Quill Rowan Spruce Thorn Umber Vine Willow Yarrow'.split(
    ' ',
  );
// Cities of states.csv, the one that the report renames, and the three that no state is known for.
const CITIES = [
  ...['Austin', 'Boston', 'Charlotte', 'Chicago', 'Columbus', 'Dallas', 'Denver', 'Detroit', 'El Paso'],
  ...['Fort Worth', 'Houston', 'Indianapolis', 'Jacksonville', 'Las Vegas', 'Los Angeles', 'Nashville'],
  ...['Nashville-Davidson', 'New York', 'Oklahoma city', 'Philadelphia', 'Phoenix', 'Portland'],
  ...['San Antonio', 'San Diego', 'San Francisco', 'San Jose', 'Seattle', 'Washington'],
];

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const next = numbers(SEED);
const pick = list => list[Math.floor(next() * list.length)];

/** Most users were here in the last months, a few not for years. */
function lastLogin() {
  const daysBefore = Math.floor(next() ** 4 * 1500);
  return new Date(Date.UTC(2021, 9, 17) - daysBefore * 86_400_000).toISOString().slice(0, 10);
}

function user(id) {
  return [id, `${pick(FORENAMES)} ${pick(SURNAMES)}`, pick(CITIES), lastLogin()];
}

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const csv = rows => rows.map(row => `${row.join(',')}\n`).join('');

// What the first change file updates, as it was before.
const before = new Map([
  [6, [6, 'Mindy George', 'Phoenix', '2021-08-02']],
  [9, [9, 'Darla Hayes', 'Nashville-Davidson', '2021-10-15']],
]);
const load = [...range(0, 9), ...range(11, 100), ...range(130, 132)].map(id => {
  const made = user(id);
  return before.get(id) ?? made;
});

const files = {
  'LOAD00000001.csv': csv(load),
  '20211017-194324349.csv': csv([
    ['U', 6, 'Mindy George', 'Los Angeles', '2021-10-15'],
    ['I', 133, 'Bob Ding', 'New York', '2021-10-17'],
    ['I', 134, 'Ross Green', 'Seattle', '2021-10-17'],
    ['I', 135, 'Monica Bing', 'Portland', '2021-10-17'],
    ['U', 8, 'Kevin Durant', 'Denver', '2021-10-14'],
    ['U', 9, 'Darla Hayes', 'New York', '2021-10-17'],
  ]),
  '20211018-223933563.csv': csv([['I', ...user(136)]]),
  '20211018-224657689.csv': csv([['I', ...user(137)]]),
  '20211018-225235856.csv': csv([['I', ...user(138)]]),
  '20211018-225959941.csv': csv([['I', ...user(139)]]),
};

const folder = join(process.argv[2] ?? dirname(fileURLToPath(import.meta.url)), 'shop', 'users');
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
