// DynamoDB Local: conditions, transactions and limits of the real one; all in memory.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkFolder, mavenDependencies } from '../install/artifacts.mjs';
import { installed } from '../install/step.mjs';
import { answers, serve } from '../processes.mjs';

const POM = fileURLToPath(new URL('pom.xml', import.meta.url));
const CHECKSUMS = fileURLToPath(new URL('artifacts.sha256', import.meta.url));

export function installDynamo({ cache, say }) {
  return installed('dynamodb', {
    cache,
    say,
    pins: [POM, CHECKSUMS],
    make: async workshop => {
      const repository = join(workshop, 'm2');
      await mkdir(join(workshop, 'lib'));
      await mavenDependencies(POM, { folder: join(workshop, 'lib'), repository });
      await checkFolder(join(workshop, 'lib'), CHECKSUMS);
      await rm(repository, { recursive: true });
    },
  });
}

/** One database whatever the access key and region, so that a test may take a key of its own as its name. */
export function startDynamo(folder, { java, port, logs }) {
  const jvm = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dsqlite4java.library.path=lib'];
  const server = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner';
  const options = ['-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)];
  return serve(java, [...jvm, '-cp', 'lib/*', server, ...options], {
    cwd: folder,
    log: join(logs, 'dynamodb.log'),
    ready: () => answers(`http://127.0.0.1:${port}/`),
  });
}
