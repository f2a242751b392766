import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast service register|list|show|remove */
export function registerServiceCommands(program: Command, bind: Bind): void {
  const service = program.command('service').description('what can be rolled out');
  const register = service
    .command('register')
    .description('register a service, or replace its spec, from a YAML or JSON file or from flags')
    .argument('[file]', 'YAML or JSON file; - reads standard input')
    .option('--name <name>', 'name of the service')
    .option('--backend <backend>', 'backend of the proxy')
    .option('--proxy <proxy>', 'proxy that has the backend (default: local)')
    .option(
      '--command <line>',
      'command of a version, quoted as one argument; {version} {port} {instance} are replaced',
    )
    .option('--image <image>', 'Docker image of a version instead of a command')
    .option('--container-port <port>', 'port that the image listens on')
    .option('--health-path <path>', 'path of the health check (default: /health)')
    .option('--instances <n>', 'instances of each version (default: 1)')
    .option('--plan <file>', 'YAML file with the plan of its rollouts');
  bind(register, async () => (await import('./service/register.ts')).registerService);
  const list = service.command('list').description('list services');
  bind(list, async () => (await import('./service/show.ts')).listServices);
  const show = service.command('show').description('show a service').argument('<service>');
  bind(show, async () => (await import('./service/show.ts')).showService);
  const remove = service
    .command('remove')
    .description('remove a service of which nothing runs')
    .argument('<service>');
  bind(remove, async () => (await import('./service/show.ts')).removeService);
}
