// One installation, done whole or not at all.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Gives the folder of an installation, making it by `make(folder)` where there is none of these pins. Its name holds a
 * hash of the pins: other pins make another folder, and what runs from the old one runs on.
 * It is made aside and renamed at the end: what an interrupted installation leaves is never taken for a whole one.
 * A virtual environment names its own folder inside itself and so is made `inPlace`; there the stamp alone, written
 * last, says that it is whole.
 */
export async function installed(name, { cache, pins, make, say, inPlace = false }) {
  const texts = await Promise.all(pins.map(pin => readFile(pin)));
  const hash = texts.reduce((sum, text) => sum.update(text), createHash('sha256')).digest('hex');
  const folder = join(cache, `${name}-${hash.slice(0, 12)}`);
  const isWhole = () => existsSync(join(folder, '.installed'));
  if (isWhole()) return folder;
  const began = Date.now();
  say(`${name}: installing`);
  const workshop = inPlace ? folder : `${folder}.${process.pid}`;
  await rm(workshop, { recursive: true, force: true });
  await mkdir(workshop, { recursive: true });
  try {
    await make(workshop);
    await writeFile(join(workshop, '.installed'), '');
    if (!inPlace) await rename(workshop, folder);
  } catch (error) {
    await rm(workshop, { recursive: true, force: true });
    // Somebody else's installation may have come first: theirs is as good.
    if (inPlace || !isWhole()) throw error;
  }
  say(`${name}: installed in ${Math.round((Date.now() - began) / 1000)} s`);
  return folder;
}
