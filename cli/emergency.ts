import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast stop|release-stop */
export function registerEmergencyCommands(program: Command, bind: Bind): void {
  const stop = program
    .command('stop')
    .description(
      'emergency stop: all traffic to stable, nothing else moves until released; needs neither Temporal nor workers',
    )
    .option('--service <service>', 'one service')
    .option('--all', 'all services of the project')
    .option('--reason <text>', 'why; kept in the audit');
  bind(stop, async () => (await import('./emergency/stop.ts')).stop);
  const release = program
    .command('release-stop')
    .description('release an emergency stop; nothing moves by itself')
    .option('--service <service>', 'one service')
    .option('--all', 'the stop of all services')
    .option('--reason <text>', 'why; kept in the audit');
  bind(release, async () => (await import('./emergency/stop.ts')).releaseStop);
}
