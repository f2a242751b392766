import type { ApprovalDecision } from '../../contracts/approval.ts';
import type { Action } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import type { EnvironmentFlags } from './environment.ts';
import { findOpenTarget } from './target.ts';

interface Flags extends EnvironmentFlags {
  readonly reason?: string;
  readonly subject?: string;
}

/** Answers at the gate that is open now; the digest it shows is what is approved. */
export function decide(decision: 'approve' | 'reject'): Action<Flags> {
  return async (cli, [id], flags) => {
    const rollout = await findOpenTarget(cli, id, flags);
    const { gate, phase } = rollout.state;
    if (gate === null) {
      throw new CliError(
        exitCodes.conflict,
        `${rollout.id} of ${rollout.environment} does not wait for an approval: it is ${phase}`,
      );
    }
    const { status, body } = await cli.api.post<ApprovalDecision>(
      cli.path(`approvals/${gate.id}/decisions`),
      {
        decision,
        subject: flags.subject ?? gate.subject,
        ...(flags.reason === undefined ? {} : { reason: flags.reason }),
      },
    );
    const verb = decision === 'approve' ? 'approved' : 'rejected';
    const later = status === 202 ? '; no worker answers, it counts as soon as one is back' : '';
    cli.out.data(body, () => `${rollout.environment} ${rollout.id}: ${verb} by ${body.by}${later}`);
  };
}
