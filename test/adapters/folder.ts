import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A way to make fresh folders that are removed after the file's tests. */
export function freshFolders(): () => string {
  const top = mkdtempSync(join(tmpdir(), 'tidemark-'));
  afterAll(() => rmSync(top, { recursive: true, force: true }));
  let count = 0;
  return () => join(top, `${count++}`);
}
