import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast notifications channel|deliveries|replay */
export function registerNotificationCommands(program: Command, bind: Bind): void {
  const notifications = program
    .command('notifications')
    .description('who is told of gates and outcomes, and whether it arrived');
  registerChannelCommands(notifications.command('channel').description('where it is told'), bind);
  const deliveries = notifications.command('deliveries').description('what was told, with every attempt');
  const list = deliveries
    .command('list')
    .description('list deliveries, newest first')
    .option('--channel <name>', 'only this channel')
    .option('--state <state>', 'pending, delivered, refused, gave-up, stale, dropped or cancelled')
    .option('--operation <id>', 'only what tells about this operation')
    .option('--limit <n>', 'how many', '20');
  bind(list, async () => (await import('./notification/deliveries.ts')).listDeliveries);
  const show = deliveries.command('show').description('show a delivery with its attempts').argument('<id>');
  bind(show, async () => (await import('./notification/deliveries.ts')).showDelivery);
  const replay = notifications
    .command('replay')
    .description('send the same message once more, as a new delivery that names the first')
    .argument('<id>');
  bind(replay, async () => (await import('./notification/deliveries.ts')).replayDelivery);
}

function registerChannelCommands(channel: Command, bind: Bind): void {
  const add = channel
    .command('add')
    .description('add a channel, or replace it')
    .argument('<name>')
    .requiredOption('--kind <kind>', 'webhook, slack or email')
    .requiredOption('--target <target>', 'URL; #channel or its id; addresses, separated by commas')
    .option(
      '--secret <reference>',
      'env:NAME or file:/PATH where the worker runs: whsec_…, xoxb-…, smtps://…',
    )
    .option('--sender <address>', 'email: the address it comes from')
    .option(
      '--event <event...>',
      'gate.opened, gate.overdue, hold.began, stuck, outcome or outcome.promoted …',
    )
    .option('--service <service>', 'only this service (default: all of the project)')
    .option('--disabled', 'add it switched off');
  bind(add, async () => (await import('./notification/channel.ts')).addChannel);
  const list = channel.command('list').description('list channels');
  bind(list, async () => (await import('./notification/channel.ts')).listChannels);
  const remove = channel
    .command('remove')
    .description('remove a channel; what waits to be sent is dropped')
    .argument('<name>');
  bind(remove, async () => (await import('./notification/channel.ts')).removeChannel);
  const test = channel
    .command('test')
    .description('send a test message and wait for its first attempt')
    .argument('<name>')
    .option('--timeout <duration>', 'wait no longer (exit code 6)', '30s')
    .option('--no-wait', 'only ask for it');
  bind(test, async () => (await import('./notification/channel.ts')).testChannel);
}
