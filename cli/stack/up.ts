import { bringUp } from '../../infra/stack/up.ts';
import { statusOfStack } from '../../infra/stack/status.ts';
import type { Cli } from '../context.ts';
import { urlLines } from './status.ts';

export async function up(cli: Cli): Promise<void> {
  const { record, started } = await bringUp(cli.config, (line) => cli.out.progress(line));
  for (const note of record.notes) cli.out.note(note);
  cli.out.note(started ? 'the stack is up' : 'the stack was up already; nothing changed');
  const status = statusOfStack(record);
  cli.out.data({ started, ...status }, () => urlLines(record.urls));
}
