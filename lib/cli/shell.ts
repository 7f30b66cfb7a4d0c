import { createInterface } from 'node:readline';
import { TidemarkError } from '../errors';
import type { LakeQuery } from '../query/open';
import type { Cli } from './cli';
import { exits } from './exits';
import { type Output, renderRows, streamed } from './render/rows';
import { tableRows } from './tables';

/** Reads statements that end with `;` (or with the input) and answers each. A statement that fails does not end it. */
export async function shell(cli: Cli, query: LakeQuery, output: Output): Promise<void> {
  const { stdin, interactive } = cli.io;
  const lines = createInterface({
    input: stdin,
    output: interactive ? process.stderr : undefined,
    terminal: interactive,
  });
  const prompt = (text: string) => {
    lines.setPrompt(text);
    if (interactive) lines.prompt();
  };
  if (interactive) cli.note('SQL, ended by ;   .tables lists what there is, .exit or Ctrl-D leaves');
  let statement = '';
  prompt('tidemark> ');
  for await (const line of lines) {
    const command = statement === '' ? line.trim() : '';
    if (command === '.exit' || command === '.quit') break;
    if (command === '.tables') await renderRows(tableRows(await query.tables(), output), output, cli.io);
    else {
      statement += `${line}\n`;
      if (line.trimEnd().endsWith(';')) {
        await answer(cli, query, statement, output);
        statement = '';
      }
    }
    statement = statement.trim() === '' ? '' : statement;
    prompt(statement === '' ? 'tidemark> ' : '      ... ');
  }
  lines.close();
  if (statement !== '') await answer(cli, query, statement, output);
}

async function answer(cli: Cli, query: LakeQuery, sql: string, output: Output): Promise<void> {
  try {
    await renderRows(streamed(await query.stream(sql)), output, cli.io);
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    cli.note(error.message);
    if (!cli.io.interactive) cli.finish(exits.failed);
  }
}
