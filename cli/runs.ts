import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast runs list|show|watch */
export function registerRunCommands(program: Command, bind: Bind): void {
  const runs = program.command('runs').description('operations of every kind');
  const list = runs
    .command('list')
    .description('list operations, newest first')
    .option('--kind <kind>', 'only this kind, such as canary-rollout')
    .option('--status <status>', 'starting, running or closed')
    .option('--target <target>', 'only this target')
    .option('--limit <n>', 'how many', '20');
  bind(list, async () => (await import('./runs/show.ts')).listRuns);
  const show = runs.command('show').description('show an operation with its timeline').argument('<id>');
  bind(show, async () => (await import('./runs/show.ts')).showRun);
  const watch = runs
    .command('watch')
    .description('follow the timeline until the operation ends; --json prints a line per event')
    .argument('<id>')
    .option('--timeout <duration>', 'stop watching after this; the run goes on (exit code 6)');
  bind(watch, async () => (await import('./runs/watch.ts')).watchRun);
}
