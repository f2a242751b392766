import { Type } from 'typebox';
import { newId } from '../new-id.ts';
import { CanaryCommand, CanaryCommandInput, type CanaryRollout } from '../../contracts/canary-rollout.ts';
import { Name, ref, Ulid } from '../../contracts/common.ts';
import { requireRollout } from '../../db/canary-rollout/find.ts';
import { insertCommand, requireCommand } from '../../db/command.ts';
import { findResource } from '../../db/idempotency.ts';
import { canaryRolloutWorkflowId } from '../../domain/canary-rollout/workflow-id.ts';
import { OpsError } from '../../domain/errors.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { IdParams, PostHeaders, problems } from '../schemas.ts';
import { deliverCommand } from '../deliver-command.ts';

const answerLimitMs = 5000;

const CommandHeaders = Type.Object({
  ...PostHeaders.properties,
  prefer: Type.Optional(
    Type.String({
      description: '`respond-async` (RFC 7240): answer 202 at once and do not wait for the workflow',
    }),
  ),
});

/** POST :id/commands writes the row, delivers it as an update and answers what the workflow said, if it says it in time. */
export function registerCommands(app: App, dependencies: ApiDependencies): void {
  app.post(
    '/canary-rollouts/:id/commands',
    {
      config: { needs: 'canary-rollout:command' },
      schema: {
        tags: ['canary-rollouts'],
        summary: 'Command a running rollout; 202 when nobody has answered yet',
        params: IdParams,
        headers: CommandHeaders,
        body: ref(CanaryCommandInput),
        response: { 200: ref(CanaryCommand), 202: ref(CanaryCommand), ...problems },
      },
    },
    async (request, reply) => {
      const { project, id: operationId } = request.params;
      refuseIncomplete(request.body);
      const idempotency = idempotencyOf(request);
      const { kind, ...body } = request.body;
      const rollout = await requireRollout(dependencies.db, project, operationId);
      const asked = {
        operationId,
        project,
        target: rollout.service,
        kind,
        body,
        principal: principalOf(request),
      };
      const commandId = await commandOf(dependencies, { ...asked, ...idempotency });
      const workflowId = canaryRolloutWorkflowId(project, rollout.service);
      const answered = deliverCommand(dependencies, { workflowId, commandId, limitMs: answerLimitMs });
      if (request.headers.prefer !== 'respond-async') await answered;
      const settled = await requireCommand(dependencies.db, project, operationId, commandId);
      if (settled.state === 'refused') throw refused(settled, rollout, request.body);
      return reply
        .code(settled.state === 'accepted' ? 200 : 202)
        .header('location', `/v1/projects/${project}/canary-rollouts/${operationId}/commands/${commandId}`)
        .send(settled);
    },
  );
  app.get(
    '/canary-rollouts/:id/commands/:commandId',
    {
      config: { needs: 'canary-rollout:read' },
      schema: {
        tags: ['canary-rollouts'],
        summary: 'What became of a command',
        params: Type.Object({ project: Name, id: Ulid, commandId: Ulid }),
        response: { 200: ref(CanaryCommand), ...problems },
      },
    },
    ({ params }) => requireCommand(dependencies.db, params.project, params.id, params.commandId),
  );
}

/** Writes the command; the same request again finds the one it made before. */
async function commandOf(
  { db }: ApiDependencies,
  command: Omit<Parameters<typeof insertCommand>[1], 'id'>,
): Promise<string> {
  const id = newId();
  if (await insertCommand(db, { id, ...command })) return id;
  const earlier = await findResource(db, command);
  if (earlier !== null) return earlier;
  const rollout = await requireRollout(db, command.project, command.operationId);
  throw new OpsError('conflict', `the rollout ${rollout.id} is over: ${rollout.state.outcome ?? 'closed'}`);
}

function refuseIncomplete(body: CanaryCommandInput): void {
  const missing: { pointer: string; detail: string }[] = [];
  const needsReason = body.kind === 'mute' || body.kind === 'hold' || body.kind === 'abort';
  if (needsReason && body.reason === undefined)
    missing.push({ pointer: '/reason', detail: `is required to ${body.kind}` });
  if (body.kind === 'mute') {
    if (body.metric === undefined)
      missing.push({ pointer: '/metric', detail: 'is required: which metric to mute' });
    if (body.expiresIn === undefined)
      missing.push({ pointer: '/expiresIn', detail: 'is required: a mute ends, for example 10m' });
  }
  const first = missing[0];
  if (first === undefined) return;
  throw new OpsError('invalid-input', `the command is not complete: ${first.pointer} ${first.detail}`, {
    errors: missing,
  });
}

function refused(command: CanaryCommand, rollout: CanaryRollout, body: CanaryCommandInput): OpsError {
  const { revision, step } = rollout.state;
  const isStale = revision !== body.revision || step !== body.step;
  const message = `${command.kind} was refused: ${command.answer ?? 'no reason given'}`;
  return new OpsError(isStale ? 'stale' : 'conflict', message, { operationId: rollout.id });
}
