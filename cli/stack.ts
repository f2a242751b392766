import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast up|down|status|doctor|secrets */
export function registerStackCommands(program: Command, bind: Bind): void {
  const up = program
    .command('up')
    .description('start the whole platform on this machine; a second time changes nothing');
  bind(up, async () => (await import('./stack/up.ts')).up);
  const down = program
    .command('down')
    .description('stop the platform and the running instances of releases; the data stays');
  bind(down, async () => (await import('./stack/down.ts')).down);
  const status = program
    .command('status')
    .description('what runs, what it takes, and where to find it; exit code 1 when the stack is not whole');
  bind(status, async () => (await import('./stack/status.ts')).status);
  const doctor = program
    .command('doctor')
    .description('name what is wrong and the fix')
    .option('--watch', 'the outside check: look again and again, end with exit code 1 at the first trouble')
    .option('--once', 'with --watch: one look')
    .option('--interval <duration>', 'with --watch: time between two looks', '10s')
    .option('--stale <duration>', 'with --watch: a running rollout must have been judged within', '60s')
    .option('--webhook <url>', 'with --watch: gets a JSON object once a change');
  bind(doctor, async () => (await import('./stack/doctor.ts')).doctor);
  const secrets = program.command('secrets').description('the files of keys on this machine');
  const rotate = secrets
    .command('rotate')
    .description(
      'seal new Temporal payloads with a new key; the old ones stay readable, nothing is restarted',
    );
  bind(rotate, async () => (await import('./stack/rotate.ts')).rotate);
}
