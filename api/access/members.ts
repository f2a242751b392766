import { Type } from 'typebox';
import { MemberInput, MemberList, PrincipalId } from '../../contracts/access.ts';
import { Name, ref } from '../../contracts/common.ts';
import { listMembers, setMember } from '../../db/access/member.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { problems, ProjectParams } from '../schemas.ts';

/** Who may be what in a project. */
export function registerMembers(app: App, { db }: ApiDependencies): void {
  const tags = ['access'];
  const response = { 200: ref(MemberList), ...problems };
  app.get(
    '/members',
    {
      config: { needs: 'access:read' },
      schema: { tags, summary: 'Everyone who is something in the project', params: ProjectParams, response },
    },
    async ({ params }) => ({ items: await listMembers(db, params.project) }),
  );
  app.put(
    '/members/:principal',
    {
      config: { needs: 'access:write' },
      schema: {
        tags,
        summary: 'Replace what a person or service may be in the project; no roles take everything away',
        params: Type.Object({ project: Name, principal: PrincipalId }),
        body: ref(MemberInput),
        response,
      },
    },
    async (request) => {
      const { project, principal } = request.params;
      const { roles, kind = 'person' } = request.body;
      await setMember(db, { project, principal, kind, roles, by: principalOf(request) });
      return { items: await listMembers(db, project) };
    },
  );
}
