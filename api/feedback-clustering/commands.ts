import { setTimeout as delay } from 'node:timers/promises';
import { Type } from 'typebox';
import { Name, ref, Ulid } from '../../contracts/common.ts';
import {
  ClusterCommand,
  ClusterCommandInput,
  ClusterEditPage,
  type ClusterCommandFields,
} from '../../contracts/feedback-clustering.ts';
import { insertCommand } from '../../db/command.ts';
import { requireClusterCommand } from '../../db/feedback-clustering/commands.ts';
import { listEdits } from '../../db/feedback-clustering/edits.ts';
import { ensureClustering } from '../../db/feedback-clustering/operation.ts';
import { findResource } from '../../db/idempotency.ts';
import { OpsError } from '../../domain/errors.ts';
import { principalOf } from '../auth.ts';
import { deliverCommand } from '../deliver-command.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { newId } from '../new-id.ts';
import { Cursor, Limit, PostHeaders, problems, ProjectParams } from '../schemas.ts';
import { wakeClustering } from './wake.ts';

const tags = ['clusters'];
const answerLimitMs = 5000;
const lookEveryMs = 50;

/** What people do to clusters: the row first, then the workflow, which answers if it does so in time. */
export function registerClusterCommands(app: App, dependencies: ApiDependencies): void {
  const { db } = dependencies;
  app.post(
    '/clusters/commands',
    {
      config: { needs: 'cluster:write' },
      schema: {
        tags,
        summary:
          'Merge, split, move, lock, link, rename, set the state, or undo; 202 when nobody has answered yet',
        params: ProjectParams,
        headers: Type.Object({
          ...PostHeaders.properties,
          prefer: Type.Optional(
            Type.String({ description: '`respond-async` (RFC 7240): answer 202 at once' }),
          ),
        }),
        body: ref(ClusterCommandInput),
        response: { 200: ref(ClusterCommand), 202: ref(ClusterCommand), ...problems },
      },
    },
    async (request, reply) => {
      const { project } = request.params;
      refuseIncomplete(request.body);
      const { kind, ...body } = request.body;
      const asked = { project, kind, body, principal: principalOf(request), ...idempotencyOf(request) };
      const id = await record(dependencies, asked);
      const isHurried = request.headers.prefer === 'respond-async';
      const settled = await settledCommand(dependencies, project, id, isHurried ? 0 : answerLimitMs);
      if (settled.state === 'refused')
        throw new OpsError('conflict', `${kind} was refused: ${settled.answer ?? 'no reason given'}`);
      return reply
        .code(settled.state === 'accepted' ? 200 : 202)
        .header('location', `/v1/projects/${project}/clusters/commands/${id}`)
        .send(settled);
    },
  );
  app.get(
    '/clusters/commands/:command',
    {
      config: { needs: 'cluster:read' },
      schema: {
        tags,
        summary: 'What became of a command',
        params: Type.Object({ project: Name, command: Ulid }),
        response: { 200: ref(ClusterCommand), ...problems },
      },
    },
    ({ params }) => requireClusterCommand(db, params.project, params.command),
  );
  app.get(
    '/clusters/edits',
    {
      config: { needs: 'cluster:read' },
      schema: {
        tags,
        summary: 'What people did to clusters, newest first; each can be undone for 24 hours',
        params: ProjectParams,
        querystring: Type.Object({ limit: Limit, cursor: Cursor }),
        response: { 200: ref(ClusterEditPage), ...problems },
      },
    },
    async ({ params, query: { limit = 50, cursor } }) => {
      const rows = await listEdits(db, params.project, { before: decodeCursor(cursor), limit: limit + 1 });
      return pageOf(rows, limit, ({ id }) => id);
    },
  );
}

const needed: Readonly<Record<ClusterCommandFields['kind'], readonly (keyof ClusterCommandInput)[]>> = {
  merge: ['cluster', 'into'],
  split: ['cluster', 'items'],
  move: ['items', 'to'],
  lock: ['cluster', 'mode'],
  unlock: ['cluster'],
  'must-link': ['items'],
  'cannot-link': ['items', 'from'],
  rename: ['cluster', 'title'],
  'set-state': ['cluster', 'state'],
  undo: ['edit'],
};

function refuseIncomplete(body: ClusterCommandInput): void {
  const known = new Set<string>([
    ...needed[body.kind],
    'kind',
    'reason',
    ...(body.kind === 'set-state' ? ['release'] : []),
  ]);
  const faults = [
    ...needed[body.kind]
      .filter((field) => body[field] === undefined)
      .map((field) => ({ pointer: `/${field}`, detail: `is required to ${body.kind}` })),
    ...Object.keys(body)
      .filter((field) => !known.has(field))
      .map((field) => ({ pointer: `/${field}`, detail: `means nothing to ${body.kind}: leave it out` })),
  ];
  const [first] = faults;
  if (first === undefined) return;
  throw new OpsError('invalid-input', `the command cannot be used: ${first.pointer} ${first.detail}`, {
    errors: faults,
  });
}

type Asked = Omit<Parameters<typeof insertCommand>[1], 'id' | 'operationId' | 'target' | 'capability'>;

/** Writes the command; the same request again finds the one it made before. */
async function record({ db }: ApiDependencies, asked: Asked): Promise<string> {
  const id = newId();
  const operationId = await ensureClustering(db, asked.project, newId);
  const command = { ...asked, id, operationId, target: 'clusters', capability: 'feedback-clustering' };
  if (await insertCommand(db, command)) return id;
  const earlier = await findResource(db, asked);
  if (earlier !== null) return earlier;
  throw new OpsError('unavailable', 'the clustering of the project has just been closed: send it again');
}

/** The row tells what became of it: a long comparison may keep the workflow from answering although the command is carried out. */
async function settledCommand(
  dependencies: ApiDependencies,
  project: string,
  id: string,
  limitMs: number,
): Promise<ClusterCommand> {
  let until = Date.now() + limitMs;
  void wakeClustering(dependencies, project)
    .then(({ workflowId }) =>
      deliverCommand(dependencies, { workflowId, commandId: id, limitMs: answerLimitMs }),
    )
    .catch((error: unknown) => {
      // Nobody will answer now.
      until = 0;
      dependencies.logger?.info(
        { err: error, project, commandId: id },
        'clustering was not woken: the sweep will do it',
      );
    });
  for (;;) {
    const command = await requireClusterCommand(dependencies.db, project, id);
    if (command.state !== 'pending' || Date.now() >= until) return command;
    await delay(lookEveryMs);
  }
}
