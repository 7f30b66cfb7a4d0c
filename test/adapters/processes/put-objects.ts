import { localStore } from '../../../lib/adapters/local/object-store';
import { stopInTime } from './deadline';

/** Puts objects n = 1, 2, 3 ... of `count` where they are absent; writes the number of each that it won. */
async function main(folder: string, name: string, count: number): Promise<void> {
  const store = localStore(folder);
  for (let n = 1; n <= count; n++) {
    const body = Buffer.from(`${name}:${'x'.repeat(20_000)}`);
    if (await store.putIfAbsent(`t/data/${n}`, body)) process.stdout.write(`${n}\n`);
  }
}

stopInTime();
void main(process.argv[2] ?? '', process.argv[3] ?? '', Number(process.argv[4]));
