import { Type } from 'typebox';
import { ApprovalList, type Approval } from '../../contracts/approval.ts';
import { ref } from '../../contracts/common.ts';
import { groupsOf } from '../../db/approval/group.ts';
import { waitingGates, type WaitingGate } from '../../db/approval/waiting.ts';
import { allows, type Principal } from '../../domain/access/roles.ts';
import { groupsWanted, refusalOf } from '../../domain/approval/standing.ts';
import { requirePrincipal } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { problems, ProjectParams } from '../schemas.ts';

/** The inbox: gates that wait for people, whatever kind of operation asks. */
export function registerInbox(app: App, { db }: ApiDependencies): void {
  app.get(
    '/approvals',
    {
      config: { needs: 'canary-rollout:read' },
      schema: {
        tags: ['approvals'],
        summary: 'Gates that wait for people, the oldest first',
        params: ProjectParams,
        querystring: Type.Object({
          waiting: Type.Optional(
            Type.Union([Type.Literal('me'), Type.Literal('anybody')], {
              default: 'anybody',
              description: 'me: only those that the caller may approve',
            }),
          ),
        }),
        response: { 200: ref(ApprovalList), ...problems },
      },
    },
    async (request) => {
      const { project } = request.params;
      const principal = requirePrincipal(request);
      const groups = await groupsOf(db, project, principal.id, principal.claims ?? []);
      const items = (await waitingGates(db, project)).map((gate) => shown(gate, { principal, groups }));
      return { items: request.query.waiting === 'me' ? items.filter((item) => item.mayApprove) : items };
    },
  );
}

interface Caller {
  readonly principal: Principal;
  readonly groups: readonly string[];
}

function shown({ row, answers, progress, operation }: WaitingGate, { principal, groups }: Caller): Approval {
  const { question, project } = row;
  const { standing, level } = progress;
  const own = { by: principal.id, decision: 'approve' as const, groups, level };
  const mayDecide =
    allows(principal, 'approval:decide', project) || allows(principal, 'canary-rollout:decide', project);
  return {
    operationId: row.operation_id,
    project,
    ...operation,
    subject: row.subject,
    requestedBy: question.requestedBy,
    openedAt: row.opened_at.toISOString(),
    deadline: new Date(progress.expiresAtMs).toISOString(),
    approvedBy: answers.filter(({ decision }) => decision === 'approve').map(({ by }) => by),
    missing: standing.kind === 'open' ? standing.missing : 0,
    mayApprove: mayDecide && refusalOf(question, answers, own) === null,
    gateId: row.id,
    gate: row.name,
    groups: question.groups.map((quorum) => ({ ...quorum })),
    waitsFor: standing.kind === 'open' ? groupsWanted(question, standing.waitsFor, level) : [],
    excluded: question.excluded.map((exclusion) => ({ ...exclusion })),
    level,
    escalation: question.escalation.map(({ afterMs, groups: standIn }) => ({
      at: new Date(row.opened_at.getTime() + afterMs).toISOString(),
      groups: [...standIn],
    })),
    onExpiry: question.onExpiry,
  };
}
