import type { Command } from 'commander';
import { registerAgentUpdate } from './agent-update.ts';
import type { Bind } from './context.ts';

/** holdfast proxy enroll|list|show|remove|order-update */
export function registerFleetCommands(program: Command, bind: Bind): void {
  const proxy = program.command('proxy').description('the proxies that configurations are rolled out to');
  registerEnroll(proxy, bind);
  const list = proxy
    .command('list')
    .description('list the proxies by name: what each is ordered to run, and what it runs')
    .option('--env <name>', 'only of this environment');
  bind(list, async () => (await import('./fleet/list.ts')).listProxies);
  const show = proxy.command('show').description('show all that is known of a proxy').argument('<name>');
  bind(show, async () => (await import('./fleet/list.ts')).showProxy);
  const remove = proxy
    .command('remove')
    .description(
      'take a proxy out of its fleet and revoke the key of its agent; its HAProxy goes on as it is',
    )
    .argument('<name>')
    .option('--reason <text>', 'why (required)');
  bind(remove, async () => (await import('./fleet/remove.ts')).removeProxy);
  registerAgentUpdate(proxy, bind);
}

function registerEnroll(proxy: Command, bind: Bind): void {
  const enroll = proxy
    .command('enroll')
    .description('invite a proxy: a one-time token that its agent trades for a key of its own')
    .argument('<name>', 'what the proxy is called in the project')
    .option('--env <name>', 'environment that it joins (default: HOLDFAST_PROXY_ENVIRONMENT, or production)')
    .option('--region <name>', 'where it stands; waves go by it')
    .option('--label <key=value...>', 'what it is; waves go by it')
    .option('--address <host>', 'where the probe of a wave reaches it: host or IP address, without a port')
    .option('--valid-for <duration>', 'how long the token works unused (default: 24h)')
    .option('--token-file <file>', 'write the token there, for its owner alone, in place of stdout')
    .addHelpText(
      'after',
      `
The token alone is printed, this once; it can go straight to the node:
  holdfast proxy enroll edge-1 --env production --region fra --label tier=edge --token-file edge-1.token
The same name again, before the token was used, makes another token in place of the first.`,
    );
  bind(enroll, async () => (await import('./fleet/enroll.ts')).enrollProxy);
}
