import fc from 'fast-check';
import { anyText } from '../../support/any-text';

/** A schema, one of its values as avsc writes it, and that value's JSON text. */
export interface Drawn {
  readonly schema: unknown;
  readonly value: unknown;
  readonly text: string;
  /** No union of it has two branches of which a value of one may be read as the other. */
  readonly plain: boolean;
}

/** Names have to differ within a schema: they are given once it stands. */
type Draw = (name: string) => Drawn;

const scalar = <T>(type: string, values: fc.Arbitrary<T>, text: (value: T) => string): fc.Arbitrary<Draw> =>
  values.map(value => () => ({ schema: type, value, text: text(value), plain: true }));

const real = (value: number) =>
  Number.isFinite(value) ? (Object.is(value, -0) ? '-0' : String(value)) : `"${value}"`;

const hex = (bytes: Uint8Array) => `"0x${Buffer.from(bytes).toString('hex')}"`;

const bytes = (size?: number) =>
  fc.uint8Array(size === undefined ? { maxLength: 20 } : { minLength: size, maxLength: size });

/** JSON.stringify has short forms of some control characters. */
const quoted = (text: string) =>
  JSON.stringify(text).replace(/\\(.)/g, (short, letter: string) => {
    if (!'bfnrt'.includes(letter)) return short;
    const code = (JSON.parse(`"${short}"`) as string).charCodeAt(0);
    return `\\u00${code.toString(16).padStart(2, '0')}`;
  });

const leaf = fc.oneof(
  scalar('null', fc.constant(null), () => 'null'),
  scalar('boolean', fc.boolean(), String),
  scalar('int', fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), String),
  scalar('long', fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), String),
  scalar('long', fc.bigInt({ min: -(1n << 54n), max: 1n << 54n }), String),
  scalar('float', fc.float(), real),
  scalar('double', fc.double(), real),
  scalar('string', anyText({ maxLength: 20 }), quoted),
  bytes().map(
    (value): Draw =>
      () => ({ schema: 'bytes', value: Buffer.from(value), text: hex(value), plain: true }),
  ),
  fc.nat(20).chain(size =>
    bytes(size).map(
      (value): Draw =>
        name => ({
          schema: { type: 'fixed', name, size },
          value: Buffer.from(value),
          text: hex(value),
          plain: true,
        }),
    ),
  ),
  fc.nat(4).chain(n =>
    fc.nat(n).map(
      (at): Draw =>
        name => ({
          schema: { type: 'enum', name, symbols: Array.from({ length: n + 1 }, (_, i) => `S${i}`) },
          value: `S${at}`,
          text: `"S${at}"`,
          plain: true,
        }),
    ),
  ),
);

const { any } = fc.letrec<{ any: Draw }>(tie => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('any'), { maxLength: 5 }).map(recordOf),
    fc.tuple(tie('any'), fc.nat(3)).map(
      ([item, n]): Draw =>
        name => {
          const { schema, value, text, plain } = item(`${name}i`);
          return {
            schema: { type: 'array', items: schema },
            value: Array(n).fill(value),
            text: `[${Array(n).fill(text).join(',')}]`,
            plain,
          };
        },
    ),
    fc.tuple(tie('any'), fc.uniqueArray(anyText({ maxLength: 5 }), { maxLength: 3 })).map(
      ([of, keys]): Draw =>
        name => {
          const { schema, value, text, plain } = of(`${name}v`);
          const names = keys.filter(key => key !== '__proto__');
          return {
            schema: { type: 'map', values: schema },
            value: Object.fromEntries(names.map(key => [key, value])),
            // An object's own order, which puts whole numbers first.
            text: `{${Object.keys(Object.fromEntries(names.map(key => [key, 1])))
              .map(key => `${quoted(key)}:${text}`)
              .join(',')}}`,
            plain,
          };
        },
    ),
    fc
      .tuple(fc.array(tie('any'), { minLength: 1, maxLength: 3 }), fc.nat())
      .map(([branches, at]) => unionOf(branches, at)),
  ),
}));

function recordOf(fields: readonly Draw[]): Draw {
  return name => {
    const drawn = fields.map((field, i) => ({ name: `f${i}`, ...field(`${name}_${i}`) }));
    return {
      schema: { type: 'record', name, fields: drawn.map(f => ({ name: f.name, type: f.schema })) },
      value: Object.fromEntries(drawn.map(f => [f.name, f.value])),
      text: `{${drawn.map(f => `"${f.name}":${f.text}`).join(',')}}`,
      plain: drawn.every(f => f.plain),
    };
  };
}

const branchName = (schema: unknown): string => {
  const { name, type } = (typeof schema === 'string' ? { type: schema } : schema) as {
    name?: string;
    type?: string;
  };
  return name ?? type ?? 'union';
};

function unionOf(branches: readonly Draw[], at: number): Draw {
  return name => {
    const drawn: Drawn[] = [];
    for (const [i, branch] of branches.entries()) {
      const one = branch(`${name}u${i}`);
      const known = drawn.some(other => branchName(other.schema) === branchName(one.schema));
      if (!known && !Array.isArray(one.schema)) drawn.push(one);
    }
    const all = drawn.length > 0 ? drawn : [{ schema: 'null', value: null, text: 'null', plain: true }];
    const one = all[at % all.length]!;
    return {
      schema: all.map(({ schema }) => schema),
      value: one.schema === 'null' ? null : { [branchName(one.schema)]: one.value },
      text: one.text,
      plain: all.length === 1 && one.plain,
    };
  };
}

/** A record of any fields. */
export const anySchema: fc.Arbitrary<Drawn> = fc
  .array(any, { maxLength: 6 })
  .map(fields => recordOf(fields)('R'));
