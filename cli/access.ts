import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast whoami, projects list|create, members list|set, keys list|create|rotate|revoke */
export function registerAccessCommands(program: Command, bind: Bind): void {
  const whoami = program.command('whoami').description('who the key belongs to, and what it may be where');
  bind(whoami, async () => (await import('./access/projects.ts')).whoAmI);
  registerProjects(program, bind);
  registerMembers(program, bind);
  registerKeys(program, bind);
}

function registerProjects(program: Command, bind: Bind): void {
  const projects = program.command('projects').description('tenants of the installation');
  const list = projects.command('list').description('list the projects in which you are anything');
  bind(list, async () => (await import('./access/projects.ts')).listProjects);
  const create = projects
    .command('create')
    .description('make a project; for admins of the installation')
    .argument('<name>');
  bind(create, async () => (await import('./access/projects.ts')).createProject);
}

function registerMembers(program: Command, bind: Bind): void {
  const members = program.command('members').description('who may be what in the project');
  const list = members.command('list').description('list everyone who is something in the project');
  bind(list, async () => (await import('./access/members.ts')).listMembers);
  const set = members
    .command('set')
    .description('replace what a person or service may be; without --role it may be nothing any more')
    .argument('<principal>')
    .option('--role <role...>', 'viewer, operator, approver, admin')
    .option('--service', 'it is no person');
  bind(set, async () => (await import('./access/members.ts')).setMember);
}

function registerKeys(program: Command, bind: Bind): void {
  const keys = program.command('keys').description('API keys of the project');
  const list = keys.command('list').description('list the keys, without their secrets');
  bind(list, async () => (await import('./access/keys.ts')).listKeys);
  const create = keys
    .command('create')
    .description('make a key for a member; the secret is printed this once')
    .requiredOption('--for <principal>', 'whose key it is')
    .requiredOption('--name <text>', 'what it is for')
    .option('--expires-in <duration>', 'how long it works', '90d')
    .option('--scope <permission...>', 'only this, such as canary-rollout:start');
  bind(create, async () => (await import('./access/keys.ts')).createKey);
  const rotate = keys
    .command('rotate')
    .description('a new secret; the old one works until the overlap is over')
    .argument('<id>')
    .option('--overlap <duration>', 'how long the old secret works', '24h');
  bind(rotate, async () => (await import('./access/keys.ts')).rotateKey);
  const revoke = keys.command('revoke').description('revoke a key at once').argument('<id>');
  bind(revoke, async () => (await import('./access/keys.ts')).revokeKey);
}
