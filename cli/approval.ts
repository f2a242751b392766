import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast approvals list|approve|reject, groups list|set|remove, break-glass */
export function registerApprovalCommands(program: Command, bind: Bind): void {
  const approvals = program.command('approvals').description('gates that wait for people');
  const list = approvals
    .command('list')
    .description('list the gates that wait, the oldest first')
    .option('--mine', 'only those that you may approve');
  bind(list, async () => (await import('./approval/list.ts')).listApprovals);
  for (const decision of ['approve', 'reject'] as const) {
    const command = approvals
      .command(decision)
      .description(`${decision} at the gate of an operation`)
      .argument('<operation>')
      .option('--reason <text>', 'why')
      .option('--subject <digest>', 'refuse unless the gate shows exactly this');
    bind(command, async () => (await import('./approval/answer.ts')).answer(decision));
  }
  registerGroups(program, bind);
  const breakGlass = program
    .command('break-glass')
    .description('EMERGENCY: pass the gate of an operation without its approvals; everybody is told')
    .argument('<operation>')
    .requiredOption('--reason <text>', 'why it cannot wait')
    .option('--subject <digest>', 'refuse unless the gate shows exactly this');
  bind(breakGlass, async () => (await import('./approval/break-glass.ts')).breakGlass);
}

function registerGroups(program: Command, bind: Bind): void {
  const groups = program
    .command('groups')
    .description('groups of approvers, in which a gate counts its quorum');
  const list = groups.command('list').description('list the groups and who is in them');
  bind(list, async () => (await import('./approval/groups.ts')).listGroups);
  const set = groups
    .command('set')
    .description('make a group, or replace its members')
    .argument('<name>')
    .option('--member <principal...>', 'who is in it')
    .option('--claim <name>', 'and whoever the identity provider has in this group');
  bind(set, async () => (await import('./approval/groups.ts')).setGroup);
  const remove = groups.command('remove').description('remove a group').argument('<name>');
  bind(remove, async () => (await import('./approval/groups.ts')).removeGroup);
}
