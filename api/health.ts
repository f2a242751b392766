import { Type } from 'typebox';
import { answers } from '../db/answers.ts';
import type { ApiDependencies, App } from './dependencies.ts';

const limitMs = 2000;

const Part = Type.Object({ ok: Type.Boolean(), problem: Type.Optional(Type.String()) });
const Readiness = Type.Object({ ready: Type.Boolean(), database: Part, temporal: Part });

/**
 * /livez: the process serves. /readyz: 503 without the database; a dead Temporal is named and leaves it ready, because emergency
 * stop and desired state must be reachable just then.
 */
export function registerHealth(app: App, dependencies: ApiDependencies): void {
  const tags = ['health'];
  app.get(
    '/livez',
    {
      config: { isPublic: true },
      schema: {
        tags,
        summary: 'The process serves',
        response: { 200: Type.Object({ live: Type.Literal(true) }) },
      },
    },
    () => ({ live: true as const }),
  );
  app.get(
    '/readyz',
    {
      config: { isPublic: true },
      schema: { tags, summary: 'What it stands on answers', response: { 200: Readiness, 503: Readiness } },
    },
    async (_request, reply) => {
      const [database, temporal] = await Promise.all([
        probe(() => answers(dependencies.db)),
        probe(async () => {
          const client = await dependencies.temporal();
          await client.withDeadline(Date.now() + limitMs, () =>
            client.workflowService.describeNamespace({ namespace: client.options.namespace }),
          );
        }),
      ]);
      return reply.code(database.ok ? 200 : 503).send({ ready: database.ok, database, temporal });
    },
  );
}

async function probe(ask: () => Promise<unknown>): Promise<{ ok: boolean; problem?: string }> {
  const late = AbortSignal.timeout(limitMs);
  try {
    await Promise.race([
      ask(),
      new Promise((_resolve, reject) => {
        late.addEventListener('abort', () => reject(new Error(`no answer in ${limitMs} ms`)), { once: true });
      }),
    ]);
    return { ok: true };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}
