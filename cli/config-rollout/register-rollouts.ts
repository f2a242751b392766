import type { Command } from 'commander';
import type { Bind } from '../context.ts';
import { aboutPlans, inEnvironment, onBase } from './register-documents.ts';

/** What reaches proxies, and what is known of it. */
export function registerRolloutCommands(config: Command, bind: Bind): void {
  registerStarting(config, bind);
  registerLooking(config, bind);
  registerSteering(config, bind);
}

function registerStarting(config: Command, bind: Bind): void {
  const apply = inEnvironment(
    config.command('apply').description('roll a revision out, wave by wave; a bad wave goes back by itself'),
  )
    .option('--revision <revision>', 'which (default: head)')
    .option('--file <file>', 'make this file the head first, then roll it out; needs a reason')
    .option('--plan <file>', 'YAML with waves, checks, … (default: that of the environment)')
    .option('--reason <text>', 'why; kept in the audit')
    .option('--supersede', 'abort a running rollout of the environment first; it goes back')
    .option('--ignore-freeze', 'do not wait for the end of a freeze window; needs a reason');
  bind(
    waiting(onBase(apply)).addHelpText('after', aboutPlans),
    async () => (await import('./apply.ts')).applyConfig,
  );
  const rollback = inEnvironment(
    config
      .command('rollback')
      .description('bring an earlier revision back, everywhere at once and without bake'),
  )
    .option('--revision <revision>', 'which (default: what ran before the present one)')
    .option('--reason <text>', 'why; kept in the audit (required)');
  bind(waiting(rollback), async () => (await import('./rollback.ts')).rollbackConfig);
}

function registerLooking(config: Command, bind: Bind): void {
  const status = targeted(config.command('status').description('what a rollout is doing and why'));
  bind(status, async () => (await import('./status.ts')).showStatus);
  const watch = targeted(config.command('watch').description('follow a rollout until it ends')).option(
    '--timeout <duration>',
    'stop watching after this; the run goes on (exit code 6)',
  );
  bind(watch, async () => (await import('./watch.ts')).watchRollout);
  const rollouts = config
    .command('rollouts')
    .description('list rollouts, newest first')
    .option('--env <name>', 'only of this environment')
    .option('--status <status>', 'starting, running or closed')
    .option('--limit <n>', 'how many', '20');
  bind(rollouts, async () => (await import('./status.ts')).listRollouts);
  const drift = inEnvironment(
    config
      .command('drift')
      .description('each proxy that is not as ordered, with what was found; exit code 1 when there is one'),
  );
  bind(drift, async () => (await import('./drift.ts')).showDrift);
}

function registerSteering(config: Command, bind: Bind): void {
  const kinds = [
    ['pause', 'begin no wave and end no bake until it is resumed'],
    ['resume', 'go on after a pause'],
    ['skip-bake', 'end the bake of the present wave now; its proxies must be proven all the same'],
    ['abort', 'stop, and bring back what ran before'],
  ] as const;
  for (const [kind, description] of kinds) {
    const command = targeted(config.command(kind).description(description))
      .option(
        '--reason <text>',
        kind === 'abort' ? 'why; kept in the audit (required)' : 'why; kept in the audit',
      )
      .option('--state <n>', 'refuse unless the rollout is at this state revision (see status --json)')
      .option('--no-wait', 'do not wait for the answer of the rollout')
      .option('--timeout <duration>', 'wait for the answer at most this long', '30s');
    bind(command, async () => (await import('./command.ts')).command(kind));
  }
  for (const decision of ['approve', 'reject'] as const) {
    const command = targeted(config.command(decision).description(`${decision} at the gate where it waits`))
      .option('--reason <text>', 'why; kept in the audit')
      .option('--subject <digest>', 'refuse unless the gate shows exactly this');
    bind(command, async () => (await import('./decide.ts')).decide(decision));
  }
}

/** A rollout is named by its id, or is the newest one of the environment. */
function targeted(command: Command): Command {
  return inEnvironment(command).argument(
    '[id]',
    'id of the rollout (default: the newest of the environment)',
  );
}

function waiting(command: Command): Command {
  return command
    .option('--wait', 'wait until it ends; the exit code tells how')
    .option('--no-wait', 'return at once (the default)')
    .option('--timeout <duration>', 'with --wait: wait at most this long; the run goes on (exit code 6)');
}
