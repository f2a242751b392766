import type { WaveCheck } from '../../contracts/config-rollout.ts';
import { consumeApproval } from '../../db/approval/consume.ts';
import { openGate, type GateView } from '../../db/approval/gate.ts';
import { findAsked } from '../../db/approval/waiting.ts';
import { openConfigRolloutFacts, type ConfigRolloutFacts } from '../../db/config-rollout/facts.ts';
import { waveProxies } from '../../db/config-rollout/proxies.ts';
import type { Db } from '../../db/connect.ts';
import { questionOf, type Question } from '../../domain/approval/question.ts';
import { OpsError } from '../../domain/errors.ts';
import { subjectDigest } from '../shared/subject-digest.ts';
import type { ConfigRolloutTools } from './index.ts';
import type { WaveRef } from './types.ts';

export function createWaveGateRecords({ db }: Pick<ConfigRolloutTools, 'db'>) {
  return {
    /** Asks about revision, plan, wave, its proxies and the evidence of the wave before; who started it is none of those who approve. */
    async openWaveGate(input: WaveRef & { evidence: WaveCheck | null }): Promise<GateView> {
      const { operationId, wave, evidence } = input;
      const facts = await openConfigRolloutFacts(db, operationId);
      const approval = facts.plan.waves[wave]?.approval;
      if (approval == null)
        throw new OpsError('invalid-input', `the plan of ${operationId} asks nothing before wave ${wave}`);
      return openGate(db, {
        ...{ operationId, name: nameOf(wave), evidence, timeoutMs: approval.timeoutMs },
        subject: await digest(db, facts, wave, evidence),
        question: question(facts, approval),
      });
    },
  };
}

type Approval = NonNullable<ConfigRolloutFacts['plan']['waves'][number]['approval']>;

function question({ startedBy }: ConfigRolloutFacts, approval: Approval): Question {
  const { onTimeout, allowRequester, approvals, groups } = approval;
  const asked = { approvals, groups, onExpiry: onTimeout };
  return allowRequester ? questionOf(asked, startedBy, []) : questionOf(asked, startedBy);
}

/**
 * No wave is ordered on the word of a workflow: each approval up to it is read from its row, held against the digest of the thing as it
 * stands now, and used up by this wave. Throws `not-approved`.
 */
export async function requireWaveApprovals(db: Db, facts: ConfigRolloutFacts, upTo: number): Promise<void> {
  const { operationId } = facts;
  for (const [wave, { approval }] of facts.plan.waves.slice(0, upTo + 1).entries()) {
    if (approval === null) continue;
    const name = nameOf(wave);
    const asked = await findAsked(db, operationId, name);
    const subject = asked && (await digest(db, facts, wave, asked.evidence));
    const effect = `${operationId}/${name}`;
    // Used by an earlier act of this rollout is as good: the plan asks once a wave.
    if ((await consumeApproval(db, { operationId, name, subject, effect })) !== 'not-approved') continue;
    throw new OpsError('not-approved', `no recorded approval of wave ${wave + 1} for this very plan`);
  }
}

function nameOf(wave: number): string {
  return `wave-${wave}`;
}

async function digest(
  db: Db,
  { operationId, project, environment, revision, base, plan }: ConfigRolloutFacts,
  wave: number,
  evidence: unknown,
): Promise<string> {
  const proxies = await waveProxies(db, operationId, wave);
  return subjectDigest({ operationId, project, environment, revision, base, plan, wave, proxies, evidence });
}
