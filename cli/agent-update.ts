import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast proxy order-update */
export function registerAgentUpdate(proxy: Command, bind: Bind): void {
  const order = proxy
    .command('order-update')
    .description('order the agents of proxies to run another release of themselves')
    .argument('[names...]', 'the proxies; none: by region, label or --all')
    .option('--env <name>', 'their environment (default: HOLDFAST_PROXY_ENVIRONMENT, or production)')
    .option('--region <name>', 'only those that stand there')
    .option('--label <key=value...>', 'only those that are this')
    .option('--all', 'every enrolled proxy of the environment')
    .option('--file <file>', 'the release (default: built from this checkout)')
    .option('--valid-for <duration>', 'how long the order may be taken (default: 7d)')
    .option('--reason <text>', 'why (required)')
    .addHelpText(
      'after',
      `
The release is uploaded and ordered; each agent takes it within seconds, and goes back by itself when it does not become healthy:
  holdfast proxy order-update --env production --label ring=first --reason "agent 0.2.1"
  holdfast proxy list`,
    );
  bind(order, async () => (await import('./agent-update/order.ts')).orderAgentUpdate);
}
