import fc from 'fast-check';
import type { Scalar } from '../../../lib/columnar/types';
import { type PackPlan, type Part, planPacks } from '../../../lib/stages/load/packs';

/** Kinds of values that partition fields have; one kind a column. */
const kinds: readonly fc.Arbitrary<Scalar>[] = [
  fc.integer({ min: -12, max: 12 }),
  fc.bigInt({ min: -3n, max: 12n }),
  fc.constantFrom('', 'a', 'b', '\u{ffff}', '\u{1f600}'),
  fc.boolean(),
  fc.constantFrom(Uint8Array.of(), Uint8Array.of(0), Uint8Array.of(1, 2), Uint8Array.of(200)),
];

/** Parts of a table of one partition scheme, under keys of their own. */
const anyParts: fc.Arbitrary<Part[]> = fc
  .array(fc.constantFrom(...kinds.keys()), { maxLength: 2 })
  .chain(scheme =>
    fc.array(
      fc.record({
        group: fc.integer({ min: 1, max: 12 }),
        partition: fc.tuple(...scheme.map(kind => fc.option(kinds[kind]!, { nil: null }))),
        bytes: fc.nat(60),
        rows: fc.nat(9),
      }),
      { maxLength: 40 },
    ),
  )
  .map(parts => parts.map((part, i) => ({ ...part, key: `p-${(i * 7919) % 41}-${i}` })));

const targets = fc.integer({ min: 1, max: 100 });

/** Values of one kind, NULL first, in an order that is told otherwise than by the code. */
function rank(value: Scalar): string | number {
  if (value === null) return -Infinity;
  if (typeof value === 'string') return `s${Buffer.from(value).toString('hex')}`;
  if (value instanceof Uint8Array) return `s${Buffer.from(value).toString('hex')}`;
  return Number(value);
}

function isBefore(a: readonly Scalar[], b: readonly Scalar[]): boolean {
  const at = a.findIndex((value, i) => rank(value) !== rank(b[i]!));
  if (at < 0) return false;
  const [x, y] = [rank(a[at]!), rank(b[at]!)];
  return typeof x === typeof y ? x < y : x === -Infinity;
}

const text = (partition: readonly Scalar[]) => partition.map(v => `${typeof v}${rank(v)}`).join('|');

test('packs.cover: every part once; of each partition all packs but the last reach the target', () => {
  fc.assert(
    fc.property(anyParts, targets, (parts, target) => {
      const packs = planPacks(parts, target);
      expect(new Set(packs.flatMap(p => p.parts))).toEqual(new Set(parts));
      expect(packs.flatMap(p => p.parts)).toHaveLength(parts.length);
      packs.forEach((pack, i) => {
        const sum = pack.parts.reduce((total, p) => total + p.bytes, 0);
        expect([pack.bytes, pack.number]).toEqual([sum, i + 1]);
        expect(pack.rows).toBe(pack.parts.reduce((total, p) => total + p.rows, 0));
        for (const part of pack.parts) expect(text(part.partition)).toBe(text(pack.partition));
        const next = packs[i + 1];
        if (next && text(next.partition) === text(pack.partition)) expect(sum).toBeGreaterThanOrEqual(target);
        expect(sum - pack.parts.at(-1)!.bytes).toBeLessThan(target);
      });
    }),
  );
});

test('packs.order: partitions by value, in them groups by number and keys; each partition in one stretch', () => {
  fc.assert(
    fc.property(anyParts, targets, (parts, target) => {
      const packs = planPacks(parts, target);
      const flat = packs.flatMap(p => p.parts);
      flat.slice(1).forEach((part, i) => {
        const last = flat[i]!;
        if (text(last.partition) !== text(part.partition)) {
          expect(isBefore(last.partition, part.partition)).toBe(true);
        } else {
          const inOrder = last.group < part.group || (last.group === part.group && last.key < part.key);
          expect(inOrder).toBe(true);
        }
      });
      expect(packs.map(p => p.id)).toEqual(packs.map(p => p.id).sort());
    }),
  );
});

test('packs.stable: the order in which parts are found changes no number and no content', () => {
  const shuffled = anyParts.chain(parts =>
    fc.tuple(fc.constant(parts), fc.shuffledSubarray(parts, { minLength: parts.length })),
  );
  fc.assert(
    fc.property(shuffled, targets, ([parts, other], target) => {
      expect(planPacks(other, target)).toEqual(planPacks(parts, target));
    }),
  );
});

const part = (group: number, partition: readonly Scalar[], bytes: number): Part => ({
  group,
  partition,
  key: `g${group}-${partition.join('-')}`,
  bytes,
  rows: 1,
});
const shown = ({ id, partition, parts }: PackPlan) => [id, partition, parts.map(p => p.group)];

test('packs.months: October comes after September, and group 10 after group 9', () => {
  const parts = [
    part(10, [2021, 10], 5),
    part(9, [2021, 10], 5),
    part(2, [2021, 9], 9),
    part(1, [2021, 9], 9),
    part(3, [2021, 9], 9),
    part(1, [null, 9], 1),
  ];
  expect(planPacks(parts, 10).map(shown)).toEqual([
    ['000001', [null, 9], [1]],
    ['000002', [2021, 9], [1, 2]],
    ['000003', [2021, 9], [3]],
    ['000004', [2021, 10], [9, 10]],
  ]);
});

test('packs.default: 128 MiB', () => {
  const half = 64 << 20;
  expect(planPacks([part(1, [], half), part(2, [], half), part(3, [], 1)]).map(p => p.parts.length)).toEqual([
    2, 1,
  ]);
  expect(planPacks([])).toEqual([]);
});
