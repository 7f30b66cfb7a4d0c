// Makes docs/errors.md from the source: every code, its meaning (the docstring of the function that makes the
// error) and the form of its message. node scripts/errors-doc.mjs [--print]
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = join(ROOT, 'docs/errors.md');

const AREAS = {
  1: 'The config',
  21: 'Formats: files and rows that cannot be read',
  22: 'Changes and their positions',
  23: 'Ingest',
  27: 'Loads',
  28: 'Tasks of a load',
  3: 'Tables',
  40: 'Iceberg metadata',
  41: 'Columns in memory',
  42: 'Parquet',
  50: 'Ports',
  51: 'Adapters of this machine',
  52: 'Adapters of AWS',
  60: 'Queries and reports',
  61: 'Reports by Athena',
  7: 'The command line',
  71: 'The library',
  80: 'Stacks and deploys',
  82: 'Functions',
};

/** Ends of what a declaration is: its docstring and its text up to the next top-level docstring or declaration. */
const DECLARATION =
  /(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^(?:export )?(?:async )?(?:const|function|class) [\s\S]*?(?=^(?:\/\*\*|export |const |function |async |class )|(?![\s\S]))/gm;

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(e => e.isFile() && e.name.endsWith('.ts'))
    .map(e => join(e.parentPath, e.name))
    .sort();
}

/** The arguments of the call that opens at `from`, as source text. */
function argumentsAt(text, from) {
  const found = [];
  let depth = 0;
  let start = from + 1;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (c === "'" || c === '"') i = endOfQuote(text, i);
    else if (c === '`') i = endOfTemplate(text, i);
    else if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c) && --depth === 0) {
      found.push(text.slice(start, i));
      return found.map(a => a.trim()).filter(a => a !== '');
    } else if (c === ',' && depth === 1) {
      found.push(text.slice(start, i));
      start = i + 1;
    }
  }
  throw new Error('a call does not end');
}

function endOfQuote(text, from) {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === text[from]) return i;
  }
  throw new Error('a quote does not end');
}

function endOfTemplate(text, from) {
  for (let i = from + 1, depth = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text.startsWith('${', i)) depth++;
    else if (text[i] === '}' && depth > 0) depth--;
    else if (text[i] === '`' && depth === 0) return i;
  }
  throw new Error('a template does not end');
}

/** An expression as a reader of messages knows it: texts as they stand, values as `<name>`. */
function shown(expression) {
  const e = expression.trim();
  const choice = splitChoice(e);
  if (choice) return [...new Set(choice.map(shown))].join(' / ');
  if (/^['"]/.test(e) && endOfQuote(e, 0) === e.length - 1) return e.slice(1, -1).replace(/\\(.)/g, '$1');
  if (e[0] === '`')
    return e.slice(1, -1).replace(/\$\{((?:[^{}]|\{[^{}]*\})*)\}/g, (_, inner) => value(inner));
  return value(e);
}

/** The two sides of `a ? b : c`, where it is one at its top. */
function splitChoice(e) {
  let depth = 0;
  let question = -1;
  for (let i = 0; i < e.length; i++) {
    const c = e[i];
    if (c === "'" || c === '"') i = endOfQuote(e, i);
    else if (c === '`') i = endOfTemplate(e, i);
    else if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c)) depth--;
    else if (depth === 0 && c === '?' && e[i + 1] === ' ' && question < 0) question = i;
    else if (depth === 0 && c === ':' && question >= 0) return [e.slice(question + 1, i), e.slice(i + 1)];
  }
  return undefined;
}

function value(inner) {
  const names = inner.match(/[A-Za-z_][A-Za-z_0-9]*/g) ?? [];
  const skip = new Set(['JSON', 'stringify', 'String', 'reason', 'parent', 'undefined', 'table_']);
  const name = names.find(n => !skip.has(n)) ?? names.at(-1) ?? '...';
  return `<${name === 'cause' ? 'reason' : name}>`;
}

/** The form of the message that a declaration makes; undefined where it makes none. */
function formOf(body, constants, stated) {
  const call = /new TidemarkError\((?=\s*['A-Z])|super\((?=\s*'TM_)/.exec(body);
  if (call) {
    const open = body.indexOf('(', call.index);
    const [code, what, where, next] = argumentsAt(body, open);
    const form = [what, where, next].map(e => shown(locally(body, e))).join(' · ');
    return { code: codeOf(code, constants), form };
  }
  const reason = /code: '(TM_\d{4})',\s*reason(?::\s*([\s\S]*?))?(?:,\n|\s*\}\)|,\s*column)/.exec(body);
  if (reason) return { code: reason[1], form: reason[2] ? shown(reason[2]) : '<reason>' };
  const text = stated && /=> (`[\s\S]*`);/.exec(body);
  return text ? { form: shown(text[1]) } : undefined;
}

/** What a name stands for that the declaration itself gives. */
function locally(body, name) {
  const given = /^\w+$/.test(name) && new RegExp(`const ${name} =\\s*([\\s\\S]*?);\n`).exec(body);
  return given ? given[1] : name;
}

function codeOf(argument, constants) {
  return /TM_\d{4}/.exec(argument)?.[0] ?? constants.get(argument);
}

/** Meanings and forms by code. Errors that stand beside their only use count where no errors.ts has their code. */
function collect() {
  const codes = new Map();
  const [beside, own] = [[], []];
  for (const file of sources(join(ROOT, 'lib'))) (file.endsWith('/errors.ts') ? own : beside).push(file);
  for (const file of own) for (const error of errorsIn(file)) add(codes, error);
  const known = new Set(codes.keys());
  for (const file of beside) {
    for (const error of errorsIn(file).filter(e => !known.has(e.code))) add(codes, error);
  }
  return codes;
}

function add(codes, { code, meaning, form }) {
  const entry = codes.get(code) ?? { meanings: [], forms: [] };
  codes.set(code, entry);
  if (meaning) entry.meanings.push(meaning);
  if (form) entry.forms.push(form);
}

function errorsIn(file) {
  const text = readFileSync(file, 'utf8');
  const constants = new Map(
    Array.from(text.matchAll(/const (\w+) = '(TM_\d{4})'/g), ([, name, code]) => [name, code]),
  );
  const found = [];
  for (const [declaration, doc = ''] of text.matchAll(DECLARATION)) {
    const body = doc ? declaration.slice(declaration.indexOf('*/')) : declaration;
    const words = doc
      .replace(/\s*\n?\s*\*+\s?/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
    const [, stated, meaning] = /^(TM_\d{4}): (.*)$/.exec(words) ?? [];
    const made = formOf(body, constants, stated);
    const code = made?.code ?? stated;
    if (!code || !(made || stated)) continue;
    // A function of another purpose says in its docstring what it does, not what the error means.
    const own = file.endsWith('/errors.ts') && !declaration.includes('class ');
    found.push({ code, meaning: meaning ?? (own ? words : undefined), form: made?.form });
  }
  return found;
}

function page() {
  const codes = collect();
  const lines = [
    '# Errors',
    '',
    'Every error reads `[code] what happened · where · what to do next`. What stands in `<...>` is filled in. This page is',
    'made from the source by `node scripts/errors-doc.mjs`.',
  ];
  let area;
  for (const code of [...codes.keys()].sort()) {
    const digits = code.slice(3);
    const found = AREAS[digits.slice(0, 2)] ?? AREAS[digits[0]];
    if (found !== area) lines.push('', `## ${found}`);
    area = found;
    const { meanings, forms } = codes.get(code);
    lines.push('', `### ${code}`, '');
    for (const text of new Set(meanings)) lines.push(sentence(text), '');
    lines.push('```text', ...new Set(forms.map(form => form.replace(/\\n|\n/g, ' '))), '```');
  }
  return `${lines.join('\n')}\n`;
}

function sentence(text) {
  const upper = text[0].toUpperCase() + text.slice(1);
  return upper.replace(/`?<(\w+)>/g, '`<$1>').trim();
}

if (process.argv.includes('--print')) process.stdout.write(page());
else writeFileSync(PAGE, page());
