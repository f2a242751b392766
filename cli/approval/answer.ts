import type { ApprovalDecision, ApprovalList } from '../../contracts/approval.ts';
import type { Action, Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';

interface Flags {
  readonly reason?: string;
  readonly subject?: string;
}

/** Answers at the gate of an operation; the digest it shows now is what is approved. */
export function answer(decision: 'approve' | 'reject'): Action<Flags> {
  return async (cli, [id = ''], flags) => {
    const gate = await waitingGate(cli, id);
    const { body, status } = await cli.api.post<ApprovalDecision>(
      cli.path(`approvals/${gate.gateId}/decisions`),
      {
        decision,
        subject: flags.subject ?? gate.subject,
        ...(flags.reason === undefined ? {} : { reason: flags.reason }),
      },
    );
    const later = status === 202 ? '; no worker answers, it counts as soon as one is back' : '';
    cli.out.data(
      body,
      () => `${id}: ${decision === 'approve' ? 'approved' : 'rejected'} by ${body.by}${later}`,
    );
  };
}

/** The gate at which an operation waits; the id of the gate itself is as good. */
export async function waitingGate(cli: Cli, id: string): Promise<{ gateId: string; subject: string }> {
  const { items } = await cli.api.get<ApprovalList>(cli.path('approvals'));
  const gate = items.find((item) => item.gateId === id || item.operationId === id);
  if (gate !== undefined) return gate;
  throw new CliError(
    exitCodes.notFound,
    `operation ${id} does not wait for an approval; see: holdfast approvals list`,
  );
}
