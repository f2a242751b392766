import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast approvals list|approve|reject */
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
}
