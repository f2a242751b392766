import type { CheckResult } from '../../contracts/canary-rollout.ts';
import { consumeApproval } from '../../db/approval/consume.ts';
import { openGate, type GateView } from '../../db/approval/gate.ts';
import { findAsked } from '../../db/approval/waiting.ts';
import type { Db } from '../../db/connect.ts';
import { openRolloutFacts, type RolloutFacts } from '../../db/canary-rollout/facts.ts';
import { questionOf, type Question } from '../../domain/approval/question.ts';
import { OpsError } from '../../domain/errors.ts';
import { subjectDigest } from '../shared/subject-digest.ts';
import type { CanaryRolloutTools } from './index.ts';
import type { OperationRef } from './types.ts';

export function createGateRecords({ db }: Pick<CanaryRolloutTools, 'db'>) {
  /** Asks about version, how it starts, plan, step and evidence; who started it is none of those who approve. */
  async function openGateAfter(
    input: OperationRef & { step: number; evidence: CheckResult | null },
  ): Promise<GateView> {
    const { operationId, step, evidence } = input;
    const facts = await openRolloutFacts(db, operationId);
    const gate = facts.plan.steps[step]?.gate;
    if (gate == null)
      throw new OpsError('invalid-input', `the plan of ${operationId} has no gate after step ${step}`);
    return openGate(db, {
      operationId,
      name: nameOf(step),
      subject: digest(facts, step, evidence),
      question: question(facts, gate),
      evidence,
      timeoutMs: gate.timeoutMs,
    });
  }

  return { openGate: openGateAfter };
}

type Gate = NonNullable<RolloutFacts['plan']['steps'][number]['gate']>;

function question({ startedBy }: RolloutFacts, gate: Gate): Question {
  const { onTimeout, allowRequester, ...asked } = gate;
  return allowRequester === true
    ? questionOf({ ...asked, onExpiry: onTimeout }, startedBy, [])
    : questionOf({ ...asked, onExpiry: onTimeout }, startedBy);
}

/**
 * Nothing passes a gate on the word of a workflow: each gate's decision is read from its row, held against the digest of the thing as
 * it stands now, and used up by the first act behind it. A signal, an activity result or a reset that somebody typed into Temporal
 * thus approves nothing. Throws `not-approved`.
 */
export async function requireApprovals(
  db: Db,
  facts: RolloutFacts,
  upTo: number,
  effect: string,
): Promise<void> {
  // A first release has nothing to be compared with: it climbs no steps, so it meets no gates.
  if (facts.stable === null) return;
  for (const [step, { gate }] of facts.plan.steps.slice(0, upTo).entries()) {
    if (gate === null) continue;
    const { operationId } = facts;
    const name = nameOf(step);
    const asked = await findAsked(db, operationId, name);
    const subject = asked === null ? null : digest(facts, step, asked.evidence);
    // Used by an earlier act of this rollout is as good: the plan asks once a step.
    if ((await consumeApproval(db, { operationId, name, subject, effect })) !== 'not-approved') continue;
    throw new OpsError('not-approved', `no recorded approval of step ${step + 1} for this very plan`);
  }
}

function nameOf(step: number): string {
  return `step-${step}`;
}

function digest(facts: RolloutFacts, step: number, evidence: unknown): string {
  const { operationId, project, service, version, stableVersion, plan, canary, config } = facts;
  const { start } = canary;
  return subjectDigest({
    operationId,
    project,
    service,
    version,
    stableVersion,
    start,
    plan,
    step,
    evidence,
    // A pair is approved as a pair; one without has the digest that it always had.
    ...(config === null ? {} : { config }),
  });
}
