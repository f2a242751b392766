import { Project, ProjectInput, ProjectList, WhoAmI } from '../../contracts/access.ts';
import { ref } from '../../contracts/common.ts';
import { insertProject, listProjects } from '../../db/project.ts';
import { inEveryProject, inProject } from '../../db/scope.ts';
import { projectsOf } from '../../domain/access/roles.ts';
import { OpsError } from '../../domain/errors.ts';
import { principalOf, requirePrincipal } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { PostHeaders, problems } from '../schemas.ts';
import { scopeToInstallation } from '../scope.ts';

/** Projects, and who is asking. */
export function registerProjects(app: App, { db }: ApiDependencies): void {
  const tags = ['access'];
  app.get(
    '/v1/whoami',
    {
      config: { needs: 'nothing-more' },
      schema: {
        tags,
        summary: 'Who asks, and what it may be where',
        response: { 200: ref(WhoAmI), ...problems },
      },
    },
    (request) => {
      const { id, kind, roles, scopes, project } = requirePrincipal(request);
      return {
        principal: id,
        kind,
        roles: Object.fromEntries(Object.entries(roles).map(([name, own]) => [name, [...own]])),
        scopes: scopes === null ? null : [...scopes],
        project,
      };
    },
  );
  app.get(
    '/v1/projects',
    {
      config: { needs: 'nothing-more' },
      schema: {
        tags,
        summary: 'The projects in which the caller is anything',
        response: { 200: ref(ProjectList), ...problems },
      },
    },
    async (request) => {
      const own = projectsOf(requirePrincipal(request));
      if (own === null) return { items: await inEveryProject(() => listProjects(db, null)) };
      const found = own.toSorted().map((name) => inProject(name, () => listProjects(db, [name])));
      return { items: (await Promise.all(found)).flat() };
    },
  );
  app.post(
    '/v1/projects',
    {
      config: { needs: 'access:write' },
      preHandler: scopeToInstallation,
      schema: {
        tags,
        summary: 'Make a project; for admins of the installation',
        headers: PostHeaders,
        body: ref(ProjectInput),
        response: { 201: ref(Project), ...problems },
      },
    },
    async (request, reply) => {
      idempotencyOf(request);
      const { name } = request.body;
      if (!(await insertProject(db, { name, by: principalOf(request) })))
        throw new OpsError('conflict', `there is a project ${name} already`);
      const made = (await listProjects(db, [name]))[0];
      if (made === undefined) throw new OpsError('not-found', `there is no project ${name}`);
      return reply.code(201).header('location', `/v1/projects/${name}`).send(made);
    },
  );
}
