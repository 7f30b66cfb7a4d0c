import { z } from 'zod';
import type { Problem } from './errors';
import { suggestion } from './nearest';

/** A value as a message shows it: short, and on one line. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

const WANTED: Readonly<Record<string, string>> = {
  array: 'a list, such as ["id"]',
  record: 'an object',
  object: 'an object',
  string: 'a text in quotes',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
};

/** Words for what zod found: the value that stands there, and what to write instead. */
export function describeIssue(issue: z.core.$ZodRawIssue): string {
  const value = show(issue.input);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(key => describeUnknown(key, optionsOf(issue.inst))).join('\n');
    case 'invalid_type': {
      const wanted = WANTED[issue.expected] ?? issue.expected;
      return issue.input === undefined ? `is missing; give ${wanted}` : `${value} is not ${wanted}`;
    }
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      // Numbers that look alike are not.
      const alike = typeof issue.input === 'string' ? allowed : [];
      return `${value} is not one of them${suggestion(String(issue.input), alike, `; use ${listed(issue.values)}`)}`;
    }
    case 'invalid_union': {
      const allowed = Array.isArray(issue.options) ? issue.options.map(String) : [];
      if (allowed.length === 0) return `${value} is not a text, a number, true or false`;
      return `is not a known kind${suggestion(kindOf(issue.input), allowed, `; use ${listed(allowed)}`)}`;
    }
    case 'too_small':
      return typeof issue.minimum === 'number' && issue.origin === 'string'
        ? 'is empty; give a text'
        : `${value} is too small; give a number above 0`;
    case 'too_big':
      return `${value} is too big; give ${issue.maximum} at most`;
    default:
      return issue.message ?? `${value} cannot be used here`;
  }
}

function describeUnknown(key: string, options: readonly string[]): string {
  return `unknown option${suggestion(key, options, `; the options here are ${options.join(', ')}`)}`;
}

function optionsOf(schema: unknown): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function listed(values: readonly unknown[]): string {
  return values.map(show).join(' or ');
}

function kindOf(input: unknown): string {
  return typeof input === 'object' && input !== null && 'kind' in input ? String(input.kind) : '';
}

/** zod's issues as problems, one for each unknown key. */
export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap(issue => {
    if (issue.code !== 'unrecognized_keys') return [{ path: pathText(issue.path), message: issue.message }];
    const messages = issue.message.split('\n');
    return issue.keys.map((key, i) => ({ path: pathText([...issue.path, key]), message: messages[i]! }));
  });
}

/** `tables.orders.partitionBy[0]`. */
export function pathText(path: readonly PropertyKey[]): string {
  return z.core.toDotPath(path);
}
