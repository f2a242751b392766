import { createHash } from 'node:crypto';
import type { CheckResult } from '../../contracts/canary-rollout.ts';
import type { Db } from '../../db/connect.ts';
import { openRolloutFacts, type RolloutFacts } from '../../db/canary-rollout/facts.ts';
import * as gates from '../../db/canary-rollout/gate.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import type { CanaryRolloutTools } from './index.ts';
import type { OperationRef } from './types.ts';

export function createGateRecords({ db }: Pick<CanaryRolloutTools, 'db'>) {
  /** Fixes what is asked: version, how it starts, plan, step and evidence. Answers its digest. */
  async function openGate(
    input: OperationRef & { step: number; evidence: CheckResult | null },
  ): Promise<{ subject: string }> {
    const facts = await openRolloutFacts(db, input.operationId);
    const subject = digest(facts, input.step, input.evidence);
    return { subject: await gates.openGate(db, { ...input, subject }) };
  }

  return { openGate };
}

/** The digest of the thing as it stands now: an approval counts only while it is the same as the one that was shown. */
export async function subjectOf(db: Db, facts: RolloutFacts, step: number): Promise<string | null> {
  const gate = await gates.readGate(db, facts.operationId, step);
  return gate === undefined ? null : digest(facts, step, gate.evidence);
}

function digest(facts: RolloutFacts, step: number, evidence: CheckResult | null): string {
  const { operationId, project, service, version, stableVersion, plan, canary } = facts;
  const subject = {
    operationId,
    project,
    service,
    version,
    stableVersion,
    start: canary.start,
    plan,
    step,
    evidence,
  };
  return `sha256:${createHash('sha256').update(canonicalJson(subject)).digest('hex')}`;
}
