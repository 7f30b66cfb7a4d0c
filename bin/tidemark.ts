#!/usr/bin/env node
import { processIo } from '../lib/cli/io';
import { run } from '../lib/cli/run';

run(process.argv.slice(2), processIo()).then(code => {
  process.exitCode = code;
});
