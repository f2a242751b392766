import type { FastifyRequest } from 'fastify';
import type { ApprovalDecision, ApprovalDecisionInput } from '../../contracts/approval.ts';
import { insertDecision, requireDecision, type DecisionRefusal } from '../../db/approval/decide.ts';
import { findResource } from '../../db/idempotency.ts';
import { OpsError } from '../../domain/errors.ts';
import { requirePrincipal } from '../auth.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { newId } from '../new-id.ts';
import { requireOperation } from '../require-operation.ts';

export interface Decided {
  readonly decision: ApprovalDecision;
  /** Whether the workflow was told; else the sweep tells it. */
  readonly isTold: boolean;
}

export interface Answering {
  readonly request: FastifyRequest;
  readonly project: string;
  readonly body: ApprovalDecisionInput;
  /** Finds the gate that is answered; only asked when the request was not answered before. */
  readonly gate: () => Promise<string>;
}

/** Writes the answer of whoever asks and tells the workflow; the same request again answers what it wrote. */
export async function decide(dependencies: ApiDependencies, answering: Answering): Promise<Decided> {
  const { db } = dependencies;
  const { request, project } = answering;
  const idempotency = { project, ...idempotencyOf(request) };
  const id = (await findResource(db, idempotency)) ?? (await write(dependencies, answering, idempotency));
  const decision = await requireDecision(db, project, id);
  return { decision, isTold: await announce(dependencies, project, decision) };
}

async function write(
  { db }: ApiDependencies,
  { request, project, body, gate }: Answering,
  idempotency: { project: string; key: string; fingerprint: string },
): Promise<string> {
  const principal = requirePrincipal(request);
  const id = newId();
  const refusal = await insertDecision(db, {
    ...{ id, project, gateId: await gate(), subject: body.subject, decision: body.decision },
    ...{
      reason: body.reason ?? null,
      principal: principal.id,
      claims: principal.claims ?? [],
      ...idempotency,
    },
  });
  if (refusal === null) return id;
  if (refusal.kind === 'repeated') return (await findResource(db, idempotency)) ?? id;
  throw refusalError(refusal);
}

export function refusalError({ code, why }: Extract<DecisionRefusal, { kind: 'refused' }>): OpsError {
  const errors = [{ pointer: '/subject', detail: 'is not what the gate shows now' }];
  return new OpsError(code, why, code === 'stale' ? { errors } : {});
}

const signalLimitMs = 2000;

/** The row counts; the signal only says that there is one. */
export async function announce(
  dependencies: ApiDependencies,
  project: string,
  { operationId, id: decisionId }: ApprovalDecision,
): Promise<boolean> {
  try {
    const { workflowId } = await requireOperation(dependencies.db, project, operationId);
    const client = await dependencies.temporal();
    const handle = client.workflow.getHandle(workflowId);
    await client.withDeadline(Date.now() + signalLimitMs, () => handle.signal('approval', { decisionId }));
    return true;
  } catch (error) {
    dependencies.logger?.info({ err: error, operationId, decisionId }, 'decision left to the reconciler');
    return false;
  }
}
