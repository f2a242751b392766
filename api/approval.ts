import { Type } from 'typebox';
import { ApprovalList, type Approval } from '../contracts/approval.ts';
import { ref } from '../contracts/common.ts';
import { waitingGates, type WaitingGate } from '../db/approval/waiting.ts';
import { allows, type Principal } from '../domain/access/roles.ts';
import { refusalOf, standingOf } from '../domain/approval/standing.ts';
import { requirePrincipal } from './auth.ts';
import type { ApiDependencies, App } from './dependencies.ts';
import { problems, ProjectParams } from './schemas.ts';

/** The inbox: gates that wait for people. They are answered where they belong, such as at canary-rollouts/:id/decisions. */
export function registerApprovals(app: App, { db }: ApiDependencies): void {
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
      const items = (await waitingGates(db, project)).map((gate) => shown(gate, project, principal));
      const open = items.filter(({ missing }) => missing > 0);
      return { items: request.query.waiting === 'me' ? open.filter((item) => item.mayApprove) : open };
    },
  );
}

function shown(gate: WaitingGate, project: string, principal: Principal): Approval {
  const { question, answers, deadline, openedAt, ...rest } = gate;
  const standing = standingOf(question, answers);
  const own = { by: principal.id, decision: 'approve' as const };
  const isOpenToThem = refusalOf(question, answers, own) === null;
  return {
    ...rest,
    project,
    requestedBy: question.requestedBy,
    openedAt: openedAt.toISOString(),
    deadline,
    approvedBy: answers.map(({ by }) => by),
    missing: standing.kind === 'open' ? standing.missing : 0,
    mayApprove: isOpenToThem && allows(principal, 'canary-rollout:decide', project),
  };
}
