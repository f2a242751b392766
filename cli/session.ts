import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast login, logout */
export function registerSessionCommands(program: Command, bind: Bind): void {
  const login = program
    .command('login')
    .description('sign in at the identity provider, by a browser on any device')
    .option('--timeout <duration>', 'how long to wait for the browser', '15m');
  bind(login, async () => (await import('./session/login.ts')).login);
  const logout = program.command('logout').description('end the session on this machine and at the provider');
  bind(logout, async () => (await import('./session/logout.ts')).logout);
}
