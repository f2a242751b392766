import { ref } from '../contracts/common.ts';
import { EmergencyStopInput, EmergencyStopList } from '../contracts/emergency-stop.ts';
import type { Db } from '../db/connect.ts';
import { emergencyStop, listEmergencyStops, releaseEmergencyStop } from '../db/emergency-stop.ts';
import { requireService } from '../db/service.ts';
import { OpsError } from '../domain/errors.ts';
import { principalOf } from './auth.ts';
import type { ApiDependencies, App } from './dependencies.ts';
import { idempotencyOf } from './idempotency.ts';
import { PostHeaders, problems, ProjectParams } from './schemas.ts';

const allServices = '*';

/**
 * The emergency stop touches Postgres alone, so it works with Temporal and every worker dead. Doing it twice is doing it once, so
 * its Idempotency-Key is asked for like everywhere and not kept.
 */
export function registerEmergencyStop(app: App, { db }: ApiDependencies): void {
  const tags = ['emergency-stop'];
  const response = { 200: ref(EmergencyStopList), ...problems };
  app.get(
    '/emergency-stop',
    {
      config: { needs: 'emergency-stop:read' },
      schema: { tags, summary: 'The stops that hold', params: ProjectParams, response },
    },
    ({ params }) => stopsOf(db, params.project),
  );
  app.post(
    '/emergency-stop',
    {
      config: { needs: 'emergency-stop:set' },
      schema: {
        tags,
        summary: 'Put all traffic on stable and stop everything else, until released',
        params: ProjectParams,
        headers: PostHeaders,
        body: ref(EmergencyStopInput),
        response,
      },
    },
    async (request) => {
      idempotencyOf(request);
      const { project } = request.params;
      const service = await scopeOf(db, project, request.body);
      const stop = { project, service, reason: request.body.reason, by: principalOf(request) };
      const changed = await emergencyStop(db, stop);
      request.log.warn({ project, service, by: stop.by, changed }, 'emergency stop');
      return { ...(await stopsOf(db, project)), changed };
    },
  );
  app.post(
    '/emergency-stop/release',
    {
      config: { needs: 'emergency-stop:release' },
      schema: {
        tags,
        summary: 'Release a stop; nothing moves by itself',
        params: ProjectParams,
        headers: PostHeaders,
        body: ref(EmergencyStopInput),
        response,
      },
    },
    async (request) => {
      idempotencyOf(request);
      const { project } = request.params;
      const service = await scopeOf(db, project, request.body);
      const by = principalOf(request);
      const wasThere = await releaseEmergencyStop(db, { project, service, reason: request.body.reason, by });
      request.log.warn({ project, service, by, wasThere }, 'emergency stop released');
      return stopsOf(db, project);
    },
  );
}

async function scopeOf(db: Db, project: string, body: EmergencyStopInput): Promise<string> {
  if ((body.service === undefined) === (body.all === undefined)) {
    throw new OpsError('invalid-input', 'say what to stop: either "service" or "all": true', {
      errors: [{ pointer: '/service', detail: 'either this or /all is required' }],
    });
  }
  if (body.service === undefined) return allServices;
  return (await requireService(db, project, body.service)).name;
}

async function stopsOf(db: Db, project: string): Promise<EmergencyStopList> {
  const rows = await listEmergencyStops(db, project);
  return {
    items: rows.map((row) => ({
      service: row.service,
      reason: row.reason,
      by: row.stopped_by,
      at: row.at.toISOString(),
    })),
  };
}
