import { Type } from 'typebox';
import { Name, ref, Ulid } from '../../contracts/common.ts';
import { ConfigCommand, ConfigCommandInput, type ConfigRollout } from '../../contracts/config-rollout.ts';
import { insertCommand, requireCommand } from '../../db/command.ts';
import { requireConfigRollout } from '../../db/config-rollout/find.ts';
import { findResource } from '../../db/idempotency.ts';
import { configRolloutWorkflowId } from '../../domain/config-rollout/workflow-id.ts';
import { OpsError } from '../../domain/errors.ts';
import { principalOf } from '../auth.ts';
import { deliverCommand } from '../deliver-command.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { newId } from '../new-id.ts';
import { IdParams, PostHeaders, problems } from '../schemas.ts';

const answerLimitMs = 5000;

/** POST :id/commands writes the row, delivers it as an update and answers what the workflow said, if it says it in time. */
export function registerConfigCommands(app: App, dependencies: ApiDependencies): void {
  const tags = ['config-rollouts'];
  app.post(
    '/config-rollouts/:id/commands',
    {
      config: { needs: 'config-rollout:command' },
      schema: {
        tags,
        summary: 'Command a running rollout; 202 when nobody has answered yet',
        params: IdParams,
        headers: PostHeaders,
        body: ref(ConfigCommandInput),
        response: { 200: ref(ConfigCommand), 202: ref(ConfigCommand), ...problems },
      },
    },
    async (request, reply) => {
      const { project, id: operationId } = request.params;
      const { kind, ...body } = request.body;
      refuseWithoutReason(request.body);
      const idempotency = idempotencyOf(request);
      const rollout = await requireConfigRollout(dependencies.db, project, operationId);
      refuseToAbort(rollout, kind);
      const { environment } = rollout;
      const commandId = await commandOf(dependencies, rollout, {
        ...{ operationId, project, target: environment, capability: 'config-rollout', kind, body },
        ...{ principal: principalOf(request), ...idempotency },
      });
      const workflowId = configRolloutWorkflowId(project, environment);
      await deliverCommand(dependencies, { workflowId, commandId, limitMs: answerLimitMs });
      const settled = await requireCommand(dependencies.db, project, operationId, commandId);
      if (settled.state === 'refused') throw refused(settled, rollout, body.revision);
      return reply
        .code(settled.state === 'accepted' ? 200 : 202)
        .header('location', `/v1/projects/${project}/config-rollouts/${operationId}/commands/${commandId}`)
        .send(settled);
    },
  );
  app.get(
    '/config-rollouts/:id/commands/:commandId',
    {
      config: { needs: 'config-rollout:read' },
      schema: {
        tags,
        summary: 'What became of a command',
        params: Type.Object({ project: Name, id: Ulid, commandId: Ulid }),
        response: { 200: ref(ConfigCommand), ...problems },
      },
    },
    ({ params }) => requireCommand(dependencies.db, params.project, params.id, params.commandId),
  );
}

/** Writes the command; the same request again finds the one it made before. */
async function commandOf(
  { db }: ApiDependencies,
  rollout: ConfigRollout,
  command: Omit<Parameters<typeof insertCommand>[1], 'id'>,
): Promise<string> {
  const id = newId();
  if (await insertCommand(db, { id, ...command })) return id;
  const earlier = await findResource(db, command);
  if (earlier !== null) return earlier;
  throw new OpsError('conflict', `the rollout ${rollout.id} is over: ${rollout.state.outcome ?? 'closed'}`);
}

/** There would be nothing better to go to, and half of a fleet on each side. */
function refuseToAbort({ id, kind }: ConfigRollout, asked: ConfigCommandInput['kind']): void {
  if (kind !== 'rollback' || asked !== 'abort') return;
  const why = `${id} is a rollback, which is not called off; it ends by itself, and then another revision can be rolled out`;
  throw new OpsError('conflict', why, { operationId: id });
}

function refuseWithoutReason({ kind, reason }: ConfigCommandInput): void {
  if (kind !== 'abort' || reason !== undefined) return;
  const errors = [{ pointer: '/reason', detail: 'is required to abort' }];
  throw new OpsError('invalid-input', 'the command is not complete: /reason is required to abort', {
    errors,
  });
}

function refused({ kind, answer }: ConfigCommand, { id, state }: ConfigRollout, revision: number): OpsError {
  const message = `${kind} was refused: ${answer ?? 'no reason given'}`;
  return new OpsError(revision === state.revision ? 'conflict' : 'stale', message, { operationId: id });
}
