import { listen } from '../../lib/runtime/listen';
import { openLocalLake } from '../../lib/runtime/local';

/** Takes in what is posted until it is told to stop, or killed. */
async function main(folder: string): Promise<void> {
  const lake = await openLocalLake({ cwd: folder });
  const onFailure = (what: string, error: unknown) => console.error(what, error);
  const listening = await listen(lake, { host: '127.0.0.1', port: 0, onFailure });
  console.log(listening.url);
  await new Promise(resolve => process.once('SIGINT', resolve));
  await listening.close();
  await lake.close();
}

void main(process.argv[2]!);
