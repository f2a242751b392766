import { Type } from 'typebox';
import { ApproverGroupInput, ApproverGroupList } from '../../contracts/approval.ts';
import { Name, ref } from '../../contracts/common.ts';
import { listGroups, removeGroup, setGroup } from '../../db/approval/group.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { problems, ProjectParams } from '../schemas.ts';

const GroupParams = Type.Object({ project: Name, group: Name });

/** Groups of approvers: what a gate's quorum is counted in. */
export function registerGroups(app: App, { db }: ApiDependencies): void {
  const tags = ['approvals'];
  const response = { 200: ref(ApproverGroupList), ...problems };
  app.get(
    '/groups',
    {
      config: { needs: 'approval-group:read' },
      schema: { tags, summary: 'The groups of approvers', params: ProjectParams, response },
    },
    async ({ params }) => ({ items: await listGroups(db, params.project) }),
  );
  app.put(
    '/groups/:group',
    {
      config: { needs: 'approval-group:write' },
      schema: {
        tags,
        summary: 'Make a group of approvers, or replace its members',
        params: GroupParams,
        body: ref(ApproverGroupInput),
        response,
      },
    },
    async (request) => {
      const { project, group: name } = request.params;
      const { members, claim = null } = request.body;
      await setGroup(db, { project, name, members, claim, by: principalOf(request) });
      return { items: await listGroups(db, project) };
    },
  );
  app.delete(
    '/groups/:group',
    {
      config: { needs: 'approval-group:write' },
      schema: {
        tags,
        summary: 'Remove a group; a gate that asks for it waits until its time is over',
        params: GroupParams,
        response: { 204: { type: 'null', description: 'Removed' }, ...problems },
      },
    },
    async (request, reply) => {
      const { project, group: name } = request.params;
      await removeGroup(db, { project, name, by: principalOf(request) });
      return reply.code(204).send(null);
    },
  );
}
