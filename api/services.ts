import { Type } from 'typebox';
import { ref } from '../contracts/common.ts';
import { Service, ServiceInput, ServicePage } from '../contracts/service.ts';
import { freezePlan } from '../domain/canary-rollout/plan.ts';
import { planProblems } from '../domain/canary-rollout/plan-problems.ts';
import { parseDuration } from '../domain/duration.ts';
import { OpsError } from '../domain/errors.ts';
import type { ServiceSpec } from '../db/schema.ts';
import { listServices, putService, removeService, requireService } from '../db/service.ts';
import { refuseUnknownGroups } from './approval/require-groups.ts';
import { principalOf } from './auth.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import type { ApiDependencies, App } from './dependencies.ts';
import { etagOf, refuseUnmatched } from './etag.ts';
import { Cursor, Limit, problems, ProjectParams, ServiceParams } from './schemas.ts';

const defaultHealth = { path: '/health', timeout: '2s' };

/** Services: what can be rolled out. */
export function registerServices(app: App, { db }: ApiDependencies): void {
  const tags = ['services'];
  app.put(
    '/services/:service',
    {
      config: { needs: 'service:write' },
      schema: {
        tags,
        summary: 'Register a service or replace its spec; a running rollout keeps what it froze',
        params: ServiceParams,
        headers: Type.Object({
          'if-match': Type.Optional(Type.String({ description: 'ETag of the spec this change was made on' })),
        }),
        body: ref(ServiceInput),
        response: { 200: ref(Service), 201: ref(Service), ...problems },
      },
    },
    async (request, reply) => {
      const { project, service: name } = request.params;
      const spec = specOf(request.body, name);
      await refuseUnknownGroups(db, project, request.body.plan, '/plan');
      const ifMatch = request.headers['if-match'];
      const isNew = await putService(db, {
        project,
        name,
        spec,
        principal: principalOf(request),
        allow: (old) => refuseUnmatched(ifMatch, old === null ? null : editable(old)),
      });
      return send(reply.code(isNew ? 201 : 200), await requireService(db, project, name));
    },
  );
  app.get(
    '/services',
    {
      config: { needs: 'service:read' },
      schema: {
        tags,
        summary: 'List services by name',
        params: ProjectParams,
        querystring: Type.Object({ limit: Limit, cursor: Cursor }),
        response: { 200: ref(ServicePage), ...problems },
      },
    },
    async (request) => {
      const { limit = 50, cursor } = request.query;
      const page = { after: decodeCursor(cursor), limit: limit + 1 };
      return pageOf(await listServices(db, request.params.project, page), limit, (service) => service.name);
    },
  );
  app.get(
    '/services/:service',
    {
      config: { needs: 'service:read' },
      schema: {
        tags,
        summary: 'Show a service',
        params: ServiceParams,
        response: { 200: ref(Service), ...problems },
      },
    },
    async (request, reply) =>
      send(reply, await requireService(db, request.params.project, request.params.service)),
  );
  app.delete(
    '/services/:service',
    {
      config: { needs: 'service:write' },
      schema: {
        tags,
        summary: 'Remove a service of which nothing runs',
        params: ServiceParams,
        response: { 204: Type.Null({ description: 'Removed' }), ...problems },
      },
    },
    async (request, reply) => {
      const { project, service } = request.params;
      await removeService(db, project, service, principalOf(request));
      return reply.code(204).send(null);
    },
  );
}

/** With its ETag, for an edit that must not undo somebody else's. */
function send(reply: { header(name: string, value: string): unknown }, service: Service): Service {
  reply.header('etag', etagOf(editable(service)));
  return service;
}

function editable({
  start,
  traffic,
  health,
  instances,
  plan,
}: Pick<Service, 'start' | 'traffic' | 'health' | 'instances' | 'plan'>) {
  return { start, traffic, health, instances, plan };
}

/** Checks what no schema can say and fills in the defaults. */
function specOf(input: ServiceInput, name: string): ServiceSpec {
  if (input.name !== name) {
    throw new OpsError('invalid-input', `the body names the service ${input.name}, the path ${name}`, {
      errors: [{ pointer: '/name', detail: `must be ${name}, as in the path` }],
    });
  }
  refusePlan(input.plan, '/plan');
  const { path, timeout } = { ...defaultHealth, ...input.health };
  return {
    start: input.start,
    traffic: { ...input.traffic, proxy: input.traffic.proxy ?? 'local' },
    health: { path, timeoutMs: parseDuration(timeout) },
    instances: input.instances ?? 1,
    plan: input.plan ?? null,
    ...(input.plan === undefined ? {} : { frozenPlan: freezePlan(input.plan) }),
  };
}

/** Refuses a plan that no rollout could follow, each fault with its pointer below `at`. */
export function refusePlan(plan: ServiceInput['plan'], at: string): void {
  if (plan === undefined) return;
  const faults = planProblems(plan);
  const first = faults[0];
  if (first === undefined) return;
  const errors = faults.map((fault) => ({ ...fault, pointer: `${at}${fault.pointer}` }));
  throw new OpsError('invalid-input', `the plan cannot be followed: ${at}${first.pointer} ${first.detail}`, {
    errors,
  });
}
