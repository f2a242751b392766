import type { ApprovalList } from '../../contracts/approval.ts';
import type { CanaryDecision } from '../../contracts/canary-rollout.ts';
import type { Action } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';

interface Flags {
  readonly reason?: string;
  readonly subject?: string;
}

/** Answers at the gate of an operation; the digest it shows now is what is approved. */
export function answer(decision: 'approve' | 'reject'): Action<Flags> {
  return async (cli, [id = ''], flags) => {
    const { items } = await cli.api.get<ApprovalList>(cli.path('approvals'));
    const subject = flags.subject ?? items.find((item) => item.operationId === id)?.subject;
    if (subject === undefined)
      throw new CliError(
        exitCodes.notFound,
        `operation ${id} does not wait for an approval; see: holdfast approvals list`,
      );
    const { body } = await cli.api.post<CanaryDecision>(
      cli.path(`canary-rollouts/${encodeURIComponent(id)}/decisions`),
      { decision, subject, ...(flags.reason === undefined ? {} : { reason: flags.reason }) },
    );
    cli.out.data(body, () => `${id}: ${decision === 'approve' ? 'approved' : 'rejected'} by ${body.by}`);
  };
}
