import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { detect } from '../formats/detect';
import { noFiles } from './errors';
import { type Glob, globOf } from './glob';

/** A file to take in, and how it is called in messages. */
export interface InputFile {
  readonly path: string;
  readonly label: string;
}

/**
 * The files that the arguments name: files in the order given, those of a folder or pattern sorted by folder, load
 * files first, then by name. Of folders only what a format reads, no hidden ones, nothing in the `except` folders.
 * @throws TM_7004 for an argument that names no file
 */
export async function inputFiles(
  args: readonly string[],
  cwd: string,
  except: readonly string[],
): Promise<InputFile[]> {
  const found = new Map<string, InputFile>();
  for (const arg of args) {
    const files = await filesOf(resolve(cwd, arg), arg, except);
    if (files.length === 0) throw noFiles(arg);
    for (const path of files) found.set(path, { path, label: labelOf(path, cwd) });
  }
  return [...found.values()];
}

/** Every data file of a folder and those below it, in the order they are taken in. */
export async function filesBelow(folder: string, except: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  await walk(folder, except, path => files.push(path));
  return files.filter(isData).sort(byFolderThenLoad);
}

/** Whether a format reads files of this name. */
export function isData(path: string): boolean {
  return detect(path) !== undefined;
}

async function filesOf(path: string, arg: string, except: readonly string[]): Promise<string[]> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isDirectory()) return filesBelow(path, except);
  if (stats) return [path];
  const glob = globOf(path);
  if (!glob) throw noFiles(arg);
  return globbed(glob, except);
}

async function globbed(glob: Glob, except: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  await walk(glob.folder, except, path => all.push(path));
  return all.filter(path => glob.matches(path) && isData(path)).sort(byFolderThenLoad);
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
