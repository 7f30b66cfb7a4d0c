/** What a state sees: its input, and the context of its execution. */
export interface Scope {
  readonly input: unknown;
  readonly context: unknown;
}

/**
 * A reference path: `$`, `$.a.b`, `$$.Map.Item.Value`.
 * @throws for a path of another form, and for what is not there, as Step Functions fails on both
 */
export function read(path: string, { input, context }: Scope): unknown {
  const form = /^(\$\$?)((?:\.\w+)*)$/.exec(path);
  if (!form) throw new Error(`the runner reads no path ${path}`);
  const [, root, names = ''] = form;
  let value = root === '$$' ? context : input;
  for (const name of names.split('.').slice(1)) {
    if (typeof value !== 'object' || value === null || !(name in value))
      throw new Error(`${path} is not in the input`);
    value = Reflect.get(value, name);
  }
  return value;
}

/** A template with each `name.$` replaced by what its path says. */
export function fill(template: unknown, scope: Scope): unknown {
  if (Array.isArray(template)) return template.map(one => fill(one, scope));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) =>
      name.endsWith('.$') ? [name.slice(0, -2), read(value as string, scope)] : [name, fill(value, scope)],
    ),
  );
}

/** The state's input with its result put where ResultPath says: `$`, nowhere (null), or one level below. */
export function put(path: string | null | undefined, { input }: Scope, result: unknown): unknown {
  if (path === null) return input;
  if (path === undefined || path === '$') return result;
  const name = /^\$\.(\w+)$/.exec(path)?.[1];
  if (!name) throw new Error(`the runner writes no path ${path}`);
  return { ...(input as object), [name]: result };
}
