import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast runs list|show|watch|export|verify */
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
  const exported = runs
    .command('export')
    .description('write the whole record of an ended operation as one signed file')
    .argument('<id>')
    .option('--output <file>', 'where to; - for stdout (default: <id>.holdfast.json)')
    .option('--clear', 'open the payloads of its histories; needs the key of the codec server');
  bind(exported, async () => (await import('./runs/export.ts')).exportRun);
  const verified = runs
    .command('verify')
    .description('check an exported record; asks no server')
    .argument('<file>')
    .requiredOption(
      '--public-key <file>',
      'Ed25519, PEM; holdfast up writes it to signing-key.pub.pem in its home',
    );
  verified
    .option(
      '--audit-key <key>',
      'public key of the audit: hold its entries against the checkpoint in the record',
    )
    .option('--checkpoints <folder>', 'published checkpoints that must agree with it');
  bind(verified, async () => (await import('./runs/verify.ts')).verifyRun);
}
