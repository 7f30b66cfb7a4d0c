/** A statement of a policy as a template writes it, its functions resolved. */
export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What a call asks IAM for. */
export interface Asked {
  readonly action: string;
  readonly resource: string;
  /** Condition keys that the call has; a key that is missing here is missing there. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

/** denied: a statement says so, whatever others allow. silent: none speaks of it, which refuses it too. */
export type Verdict = 'allowed' | 'denied' | 'silent';

/**
 * What IAM says to a call within one account.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 * @throws for a condition operator that is not known here: a policy must not be judged by half of what it says
 */
export function evaluate(statements: readonly Statement[], asked: Asked): Verdict {
  const fitting = statements.filter(statement => speaksOf(statement, asked));
  if (fitting.some(({ Effect }) => Effect === 'Deny')) return 'denied';
  return fitting.length > 0 ? 'allowed' : 'silent';
}

/** Whether a statement, allowing or denying, is about the call. */
export function speaksOf(statement: Statement, { action, resource, context }: Asked): boolean {
  const { Action, NotAction, Resource, NotResource, Condition = {} } = statement;
  const ofAction = NotAction === undefined ? named(Action, action, 'i') : !named(NotAction, action, 'i');
  const ofResource = NotResource === undefined ? named(Resource, resource) : !named(NotResource, resource);
  return ofAction && ofResource && Object.entries(Condition).every(test => holds(test, context));
}

const list = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as T];

const named = (patterns: string | readonly string[] | undefined, name: string, flags = '') =>
  list(patterns).some(pattern => like(pattern, name, flags));

/** `*` is any run of characters, slashes and colons too; `?` is one. */
function like(pattern: string, text: string, flags = ''): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, `s${flags}`).test(text);
}

type Matches = (wanted: string, found: string) => boolean;
const same: Matches = (wanted, found) => wanted === found;
const alike: Matches = (wanted, found) => like(wanted, found);

/** Operators on strings: how they match, and whether a match makes them fail. */
const OPERATORS: Readonly<Record<string, { readonly matches: Matches; readonly not?: true }>> = {
  StringEquals: { matches: same },
  StringNotEquals: { matches: same, not: true },
  StringEqualsIgnoreCase: { matches: (wanted, found) => wanted.toLowerCase() === found.toLowerCase() },
  StringLike: { matches: alike },
  StringNotLike: { matches: alike, not: true },
  // In the IAM of today these two pairs are the same.
  ArnEquals: { matches: alike },
  ArnLike: { matches: alike },
  ArnNotEquals: { matches: alike, not: true },
  ArnNotLike: { matches: alike, not: true },
  Bool: { matches: same },
};

/** Every key of a block has to hold; of a key's values one suffices. */
function holds(
  [written, block]: readonly [string, Readonly<Record<string, unknown>>],
  context: Asked['context'],
): boolean {
  const [, set, name, ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(written) ?? [];
  return Object.entries(block).every(([key, value]) => {
    const found = list(valuesOf(context, key));
    const wanted = list(value).map(String);
    if (name === 'Null') return wanted.includes(String(found.length === 0));
    const operator = OPERATORS[name ?? ''];
    if (!operator) throw new Error(`the condition operator ${written} is not known`);
    const { matches, not = false } = operator;
    const fits = (one: string) => wanted.some(w => matches(w, one)) !== not;
    if (set === 'ForAllValues') return found.every(fits);
    if (set === 'ForAnyValue') return found.some(fits);
    // A missing key differs from whatever is wanted.
    if (found.length === 0) return ifExists !== undefined || not;
    return found.every(fits);
  });
}

/** Condition keys are compared without case. */
function valuesOf(context: Asked['context'], key: string): string | readonly string[] | undefined {
  return Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}
