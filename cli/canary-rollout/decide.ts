import type { CanaryDecision } from '../../contracts/canary-rollout.ts';
import type { Action } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { findOpenTarget, type TargetFlags } from './target.ts';

interface Flags extends TargetFlags {
  readonly reason?: string;
  readonly subject?: string;
}

/** Answers at the gate that is open now; the digest it shows is what is approved. */
export function decide(decision: 'approve' | 'reject'): Action<Flags> {
  return async (cli, [service], flags) => {
    const rollout = await findOpenTarget(cli, service, flags);
    const { gate, phase } = rollout.state;
    const subject = flags.subject ?? gate?.subject;
    if (subject === undefined) {
      throw new CliError(
        exitCodes.conflict,
        `${rollout.service} does not wait for an approval: it is ${phase}`,
      );
    }
    const { status, body } = await cli.api.post<CanaryDecision>(
      cli.path(`canary-rollouts/${rollout.id}/decisions`),
      {
        decision,
        subject,
        ...(flags.reason === undefined ? {} : { reason: flags.reason }),
      },
    );
    const verb = decision === 'approve' ? 'approved' : 'rejected';
    const later = status === 202 ? '; no worker answers, it counts as soon as one is back' : '';
    cli.out.data(body, () => `${rollout.service} ${rollout.version}: ${verb} by ${body.by}${later}`);
  };
}
