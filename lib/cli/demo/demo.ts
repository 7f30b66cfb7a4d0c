import { Command } from 'commander';
import type { Cli } from '../cli';
import { tableText } from '../render/table';
import { employees } from './employees';
import { examplesFolder, freshDemoFolder } from './folder';
import { users } from './users';

export function demoCommand(cli: Cli): Command {
  return new Command('demo')
    .description('build a small lake in a fresh folder, step by step')
    .addHelpText('after', '\nExamples:\n  tidemark demo\n')
    .action(async () => {
      const started = performance.now();
      const examples = await examplesFolder();
      const name = await freshDemoFolder(cli.io.cwd, examples);
      const where = `./${name}`;
      cli.say(
        `Tidemark: an exact lake of a changing database. Demo lake: ${where} (nothing leaves this machine)`,
      );
      const lake = await cli.openAt({ lake: where }, 'begin');
      await employees(cli, lake, examples);
      await users(cli, lake, examples);
      const { columns, rows } = await (await lake.query()).run(
        'SELECT employee_id, forename, surname, department_id, manager_id FROM employees ORDER BY employee_id',
      );
      cli.say('');
      cli.io.out(tableText({ columns: columns.map(c => c.name) }, rows));
      cli.say(`\nDone in ${((performance.now() - started) / 1000).toFixed(1)} s. Try next:`);
      cli.say(`  npx tidemark history employees 7 --lake ${where}`);
      cli.say(`  npx tidemark query --lake ${where}`);
      cli.say('  in a folder of your own: npx tidemark init your.csv');
    });
}
