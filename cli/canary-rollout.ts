import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast canary … */
export function registerCanaryCommands(program: Command, bind: Bind): void {
  const canary = program.command('canary').description('roll a version out step by step, judged all the way');
  registerStart(canary, bind);
  registerLooking(canary, bind);
  registerDecisions(canary, bind);
  registerSteering(canary, bind);
  registerRecovery(canary, bind);
}

function registerStart(canary: Command, bind: Bind): void {
  const start = canary
    .command('start')
    .description('start a rollout')
    .argument('<service>')
    .argument('<version>')
    .option('--command <line>', 'how this version starts, where it differs from the service')
    .option('--image <image>', 'Docker image of this version')
    .option('--container-port <port>', 'port that the image listens on')
    .option('--plan <file>', 'YAML file with the plan (default: that of the service)')
    .option(
      '--config-env <name>',
      'the proxy of the service gets the configuration of this environment first',
    )
    .option('--config-revision <revision>', 'which revision of it (default: the head)')
    .option('--supersede', 'abort a running rollout of the service first')
    .option('--reason <text>', 'why; kept in the audit');
  bind(waiting(start), async () => (await import('./canary-rollout/start.ts')).startCanary);
}

function registerLooking(canary: Command, bind: Bind): void {
  const list = canary
    .command('list')
    .description('list rollouts, newest first')
    .option('--service <service>', 'only this service')
    .option('--status <status>', 'starting, running or closed')
    .option('--limit <n>', 'how many', '20');
  bind(list, async () => (await import('./canary-rollout/show.ts')).listCanaries);
  const status = targeted(canary.command('status').description('what a rollout is doing and why'));
  bind(status, async () => (await import('./canary-rollout/show.ts')).showCanary);
  const watch = targeted(canary.command('watch').description('follow a rollout until it ends')).option(
    '--timeout <duration>',
    'stop watching after this; the run goes on (exit code 6)',
  );
  bind(watch, async () => (await import('./canary-rollout/watch.ts')).watchCanary);
}

function registerDecisions(canary: Command, bind: Bind): void {
  for (const decision of ['approve', 'reject'] as const) {
    const command = targeted(canary.command(decision).description(`${decision} at the gate where it waits`))
      .option('--reason <text>', 'why; kept in the audit')
      .option('--subject <digest>', 'refuse unless the gate shows exactly this');
    bind(command, async () => (await import('./canary-rollout/decide.ts')).decide(decision));
  }
}

function registerSteering(canary: Command, bind: Bind): void {
  const steer = (command: Command, kind: string): void =>
    bind(command, async () => (await import('./canary-rollout/command.ts')).command(kind));
  steer(commanded(canary.command('pause').description('stay at this weight; judging goes on')), 'pause');
  steer(commanded(canary.command('resume').description('go on after a pause')), 'resume');
  const promote = canary.command('promote').description('go to the next step now');
  steer(
    commanded(promote).option(
      '--full',
      'skip the remaining analysis and promote; never skips the health check',
    ),
    'promote',
  );
  steer(commanded(canary.command('abort').description('take the canary off and undo')), 'abort');
  const mute = targeted(canary.command('mute').description('ignore one metric in this rollout for a while'));
  mute
    .argument('<metric>', 'errorRate, p95 or p99')
    .requiredOption('--for <duration>', 'how long, for example 10m');
  steer(commandFlags(mute), 'mute');
  const hold = commanded(canary.command('hold').description('do not go on until released'));
  steer(hold.option('--for <duration>', 'at most this long'), 'hold');
  steer(commanded(canary.command('release').description('release a hold')), 'release-hold');
}

function registerRecovery(canary: Command, bind: Bind): void {
  const rollback = canary
    .command('rollback')
    .description('put the previous release back while it is kept warm')
    .argument('<service>')
    .option('--reason <text>', 'why; kept in the audit');
  bind(waiting(rollback), async () => (await import('./canary-rollout/rollback.ts')).rollback);
  const test = canary
    .command('test')
    .description('roll the stable version out again, failing on order, and tell how long the rollback took')
    .argument('<service>')
    .requiredOption('--fault <fault>', 'error-rate=PERCENT, latency=MILLISECONDS or down')
    .option('--after <duration>', 'the fault begins this long after the first request', '2s')
    .option('--plan <file>', 'YAML file with the plan (default: that of the service)')
    .option('--timeout <duration>', 'abort it after this (exit code 6)', '10m');
  bind(test, async () => (await import('./canary-rollout/drill.ts')).drill);
}

/** A rollout is named by its service (the newest one) or by its id. */
function targeted(command: Command): Command {
  return command.argument('[service]').option('--id <id>', 'id of the rollout instead of the service');
}

function commanded(command: Command): Command {
  return commandFlags(targeted(command));
}

function commandFlags(command: Command): Command {
  return command
    .option('--reason <text>', 'why; kept in the audit')
    .option('--revision <n>', 'refuse unless the rollout is at this revision')
    .option('--no-wait', 'do not wait for the answer of the rollout')
    .option('--timeout <duration>', 'wait for the answer at most this long', '30s');
}

function waiting(command: Command): Command {
  return command
    .option('--wait', 'wait until it ends; the exit code tells how')
    .option('--no-wait', 'return at once (the default)')
    .option('--timeout <duration>', 'with --wait: wait at most this long; the run goes on (exit code 6)');
}
