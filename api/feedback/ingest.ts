import { Type } from 'typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Name, ref } from '../../contracts/common.ts';
import { IngestResult } from '../../contracts/feedback.ts';
import { hasRoom, noteOverQuota } from '../../db/feedback/quota.ts';
import { inProject } from '../../db/scope.ts';
import { OpsError } from '../../domain/errors.ts';
import { isWanted } from '../../domain/feedback/filter.ts';
import type { Incoming } from '../../domain/feedback/connectors/connector.ts';
import type { Guard } from '../authorize.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { newId } from '../new-id.ts';
import { problems } from '../schemas.ts';
import { admit, singleHeaders, type Admitted } from './admit.ts';
import { contentId } from './content-id.ts';
import { keep } from './keep.ts';

const Params = Type.Object({ project: Name, source: Name });
const mostBytes = 1024 * 1024;
const dayMs = 86_400_000;

/** A storm of deliveries is what a source is for: each sender has room of its own, apart from that of keys. */
const deliveryLimit = {
  max: 60_000,
  keyGenerator: (request: FastifyRequest) => {
    const { project, source } = request.params as { project: string; source: string };
    return `ingest ${request.ip} ${project}/${source}`;
  },
};

/**
 * Where sources deliver. Outside of what asks every request for a key: the secret of the source counts, over the bytes as they came, so
 * nothing may parse them before.
 */
export function registerIngest(app: App, dependencies: ApiDependencies, guard: Guard): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: mostBytes }, (_request, body, done) => {
    done(null, body);
  });
  app.post(
    '/v1/projects/:project/ingest/:source',
    {
      config: { isPublic: true, rateLimit: deliveryLimit },
      bodyLimit: mostBytes,
      schema: {
        tags: ['feedback'],
        summary: 'Take what a source delivers: by the secret of the source, or a key with feedback:write',
        params: Params,
        response: { 200: ref(IngestResult), 202: ref(IngestResult), ...problems },
      },
    },
    async (request, reply) =>
      inProject(request.params.project, () => take(request, reply, { dependencies, guard })),
  );
}

async function take(
  request: FastifyRequest<{ Params: { project: string; source: string } }>,
  reply: FastifyReply,
  { dependencies, guard }: { dependencies: ApiDependencies; guard: Guard },
) {
  const { project, source } = request.params;
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const { db, secrets } = dependencies;
  const admitted = await admit(request, { project, source, raw }, { db, secrets, guard });
  const incoming = incomingOf(request, raw);
  const reading = admitted.connector.read(incoming);
  if (reading.kind === 'challenge')
    return reply.send({ ...nothing, outcome: 'ignored', challenge: reading.challenge });
  if (reading.kind === 'refused')
    throw new OpsError('invalid-input', `the body is not valid: ${reading.pointer} ${reading.detail}`, {
      errors: [{ pointer: reading.pointer, detail: reading.detail }],
    });
  const found = reading.kind === 'reports' ? reading.reports : [];
  const deliveryId = deliveryIdOf(admitted, incoming, raw);
  await refuseOverQuota(db, admitted, { project, source, deliveryId, reports: found.length });
  const reports = found.filter((report) => isWanted(report, admitted.spec.filter));
  const withoutReports = reading.kind === 'reports' ? 'filtered' : 'ignored';
  const received = await keep(dependencies, { project, source, deliveryId, reports, withoutReports });
  return reply.code(202).send(received);
}

const nothing = { itemId: null, counted: 0, isKnown: false } as const;

function incomingOf(request: FastifyRequest, raw: Buffer): Incoming {
  try {
    const body: unknown = JSON.parse(raw.toString('utf8'));
    return { headers: singleHeaders(request), body, now: new Date().toISOString() };
  } catch {
    throw new OpsError('invalid-input', 'the body is not JSON; have the source send application/json');
  }
}

/** What a program of one's own sends without a key is new each time; a vendor that names nothing sends the same bytes again. */
function deliveryIdOf({ spec, connector }: Admitted, incoming: Incoming, raw: Buffer): string {
  const named = connector.deliveryId(incoming);
  if (named !== null) return named;
  return spec.kind === 'manual' ? newId() : contentId(raw);
}

/** Nothing of it is kept, so that it counts as new when it is sent again; the sender is told when. */
async function refuseOverQuota(
  db: ApiDependencies['db'],
  { spec }: Admitted,
  { project, source, deliveryId, reports }: OverQuota,
): Promise<void> {
  if (spec.dailyQuota === null || reports === 0) return;
  const quota = { project, source, perDay: spec.dailyQuota };
  if (await hasRoom(db, quota)) return;
  await noteOverQuota(db, quota, { id: deliveryId, reports });
  throw new OpsError(
    'rate-limited',
    `the source ${source} has had its ${spec.dailyQuota} reports of today; send it again tomorrow (UTC), or raise dailyQuota`,
    { retryAfterMs: dayMs - (Date.now() % dayMs) },
  );
}

interface OverQuota {
  readonly project: string;
  readonly source: string;
  readonly deliveryId: string;
  readonly reports: number;
}
