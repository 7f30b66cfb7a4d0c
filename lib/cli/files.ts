import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { detect } from '../formats/detect';
import { ENDINGS, noFiles } from './errors';
import { globOf } from './glob';
import { plain } from './render/table';
import { counted } from './render/words';

/** A file to take in, and how it is called in messages. */
export interface InputFile {
  readonly path: string;
  readonly label: string;
}

/** Files, and those of folders and patterns that are none to take in. */
export interface InputFiles {
  readonly files: InputFile[];
  readonly passedOver: InputFile[];
}

/**
 * The files that the arguments name: files in the order given, those of a folder or pattern sorted by folder, load
 * files first, then by name. Of folders only what is data, no hidden ones, nothing in the `except` folders.
 * @throws TM_7004 for an argument that names no file
 */
export async function inputFiles(
  args: readonly string[],
  cwd: string,
  except: readonly string[],
): Promise<InputFiles> {
  const found = new Map<string, InputFile>();
  const others = new Map<string, InputFile>();
  for (const arg of args) {
    const { data, rest } = await filesOf(resolve(cwd, arg), arg, except);
    if (data.length === 0) throw noFiles(arg);
    for (const path of data) found.set(path, { path, label: labelOf(path, cwd) });
    for (const path of rest) others.set(path, { path, label: labelOf(path, cwd) });
  }
  const passedOver = [...others.values()].filter(({ path }) => !found.has(path));
  return { files: [...found.values()], passedOver };
}

/** Settings of tools, which stand in many a folder beside data and have its ending. */
const SETTINGS =
  /^(package|package-lock|npm-shrinkwrap|composer|tsconfig(\..+)?|jsconfig|deno|biome|cdk(\.context)?|tidemark\..+)\.json$/i;

/** Whether a file of this name, found in a folder, is to be taken in: a format reads its ending, and no tool owns it. */
export function isData(path: string): boolean {
  return detect(path) !== undefined && !SETTINGS.test(split(path)[1]);
}

const NAMED_MAX = 5;

/** `passed over 2 files that are no data by their names: a.tsv, package.json (...)` */
export function passedOverLine(files: readonly InputFile[]): string {
  const named = files.slice(0, NAMED_MAX).map(({ label }) => plain(label));
  const more = files.length > NAMED_MAX ? ' and others' : '';
  return `passed over ${counted(files.length, 'file')} by name: ${named.join(', ')}${more} (data ends in ${ENDINGS})`;
}

interface Found {
  readonly data: string[];
  readonly rest: string[];
}

async function filesOf(path: string, arg: string, except: readonly string[]): Promise<Found> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isDirectory()) return below(path, except, () => true);
  if (stats) return { data: [path], rest: [] };
  const glob = globOf(path);
  if (!glob) throw noFiles(arg);
  return below(glob.folder, except, glob.matches);
}

/** The matching files of a folder and those below it, in the order they are taken in. The config is neither. */
async function below(
  folder: string,
  except: readonly string[],
  matches: (path: string) => boolean,
): Promise<Found> {
  const all: string[] = [];
  await walk(folder, except, path => all.push(path));
  const matching = all.filter(matches).sort(byFolderThenLoad);
  const rest = matching.filter(path => !isData(path) && !/^tidemark\./.test(split(path)[1]));
  return { data: matching.filter(isData), rest };
}

async function walk(folder: string, except: readonly string[], add: (path: string) => void): Promise<void> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || entry.name === 'node_modules' || except.includes(path)) continue;
    if (entry.isDirectory()) await walk(path, except, add);
    // A symbolic link is named too: the landing refuses it aloud instead of passing it over.
    else add(path);
  }
}

/** A load comes before the changes to what it loads: fewer late changes, the same table. */
function byFolderThenLoad(a: string, b: string): number {
  const [folderA, nameA] = split(a);
  const [folderB, nameB] = split(b);
  return compare(folderA, folderB) || Number(isLoad(nameB)) - Number(isLoad(nameA)) || compare(nameA, nameB);
}

function split(path: string): [folder: string, name: string] {
  const slash = path.lastIndexOf(sep);
  return [path.slice(0, slash), path.slice(slash + 1)];
}

function isLoad(name: string): boolean {
  return /^LOAD[0-9A-F]{8}\./i.test(name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** As a person would write the path from where they stand. */
function labelOf(path: string, cwd: string): string {
  const way = relative(cwd, path);
  return way.startsWith('..') ? path : way;
}
