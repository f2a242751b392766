import type { ApprovalDecision } from '../../contracts/approval.ts';
import type { Cli } from '../context.ts';
import { waitingGate } from './answer.ts';

interface Flags {
  readonly reason: string;
  readonly subject?: string;
}

/** Passes a gate alone, in an emergency. */
export async function breakGlass(cli: Cli, [id = '']: readonly string[], flags: Flags): Promise<void> {
  const gate = await waitingGate(cli, id);
  cli.out.note('breaking the glass: this is audited, marks the operation, and every channel is told');
  const { body } = await cli.api.post<ApprovalDecision>(cli.path(`approvals/${gate.gateId}/break-glass`), {
    subject: flags.subject ?? gate.subject,
    reason: flags.reason,
  });
  cli.out.data(body, () => `${id}: GLASS BROKEN by ${body.by}`);
}
