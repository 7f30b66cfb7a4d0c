#!/usr/bin/env node
import { run } from '../lib/cli/run';
import { processIo } from '../lib/cli/io';

run(process.argv.slice(2), processIo()).then(code => {
  process.exitCode = code;
});
