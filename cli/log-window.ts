import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast logs send|top */
export function registerLogCommands(program: Command, bind: Bind): void {
  const logs = program.command('logs').description('lines of logs, counted by kind and window of time');
  const send = logs
    .command('send')
    .description('count the lines of a JSONL file; the same file again counts nothing twice')
    .argument('<file>', 'a path, or - for standard input');
  bind(send, async () => (await import('./log-window/send.ts')).sendLogs);
  const top = logs
    .command('top')
    .description('kinds of lines, most errors first')
    .option('--service <name>', 'only of this service')
    .option('--template <id>', 'only of this kind')
    .option('--from <time>', 'RFC 3339 (default: an hour before the end)')
    .option('--to <time>', 'RFC 3339 (default: now)')
    .option('--size <size>', 'windows of 10s, 1m, 5m or 1h (default: as fits the range)')
    .option('--limit <n>', 'how many', '20');
  bind(top, async () => (await import('./log-window/top.ts')).topTemplates);
}
