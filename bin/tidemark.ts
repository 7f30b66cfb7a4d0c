#!/usr/bin/env node
import { processIo } from '../lib/cli/io';
import { run } from '../lib/cli/run';

// Whoever reads our output may leave (`| head`): what is at work still goes on to its end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', error => {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  });
}

// The SDK warns on every command of Node versions that it will leave some day; package.json says which run here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

run(process.argv.slice(2), processIo(process.env)).then(code => {
  process.exitCode = code;
});
