// moto's server (Glue, S3, SQS, SNS, Kinesis) with our additions, which stand beside this file.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonEnvironment } from '../install/artifacts.mjs';
import { installed } from '../install/step.mjs';
import { answers, serve } from '../processes.mjs';

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));
const SERVER = fileURLToPath(new URL('server.py', import.meta.url));

/** Objects beyond this many bytes go to temporary files instead of memory. */
const OBJECT_BYTES_IN_MEMORY = 16 * 1024 * 1024;

export function installMoto({ cache, say }) {
  return installed('moto', {
    cache,
    say,
    pins: [REQUIREMENTS],
    inPlace: true,
    make: workshop => pythonEnvironment(workshop, REQUIREMENTS),
  });
}

export function startMoto(folder, { port, logs }) {
  return serve(join(folder, 'bin/python'), [SERVER, '-H', '127.0.0.1', '-p', String(port)], {
    log: join(logs, 'moto.log'),
    env: {
      ...process.env,
      MOTO_S3_DEFAULT_KEY_BUFFER_SIZE: String(OBJECT_BYTES_IN_MEMORY),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    ready: () => answers(`http://127.0.0.1:${port}/moto-api/`),
  });
}
