import { sep } from 'node:path';

/** A pattern: where to look, and whether a path below there matches. */
export interface Glob {
  readonly folder: string;
  readonly matches: (path: string) => boolean;
}

/** An absolute path with `*`, `?`, `[abc]`, `{a,b}` or `**` in it; undefined without any. For shells that expand none. */
export function globOf(pattern: string): Glob | undefined {
  const parts = pattern.split(sep);
  const first = parts.findIndex(part => /[*?[{]/.test(part));
  if (first < 0) return undefined;
  const folder = parts.slice(0, first).join(sep) || sep;
  const whole = new RegExp(
    `^${parts.map((part, i) => expressionOf(part, i === parts.length - 1)).join('')}$`,
  );
  return { folder, matches: path => whole.test(path) };
}

function expressionOf(part: string, last: boolean): string {
  if (part === '**') return last ? '.*' : '(?:[^/]+/)*';
  const inner = part.replace(/\*|\?|\[[^\]]+\]|\{[^}]*\}|[\\^$.|+()[\]{}]/g, token => {
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (token.length > 1 && token.startsWith('['))
      return token.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    if (token.length > 1 && token.startsWith('{'))
      return `(?:${token.slice(1, -1).split(',').map(literal).join('|')})`;
    return `\\${token}`;
  });
  return inner + (last ? '' : '/');
}

function literal(text: string): string {
  return text.replace(/[\\^$.|+()[\]{}*?]/g, '\\$&');
}
