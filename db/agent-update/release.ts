import type { AgentRelease } from '../../contracts/agent-update.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';

export interface NewRelease {
  readonly project: string;
  readonly sha256: string;
  readonly version: string;
  readonly size: number;
  readonly content: string;
  readonly by: string;
}

/** Keeps a release, once: the same content again is the one that is there, under the version that it came with first. */
export async function putRelease(db: Db, release: NewRelease): Promise<AgentRelease> {
  const { project, sha256, version, size, content, by } = release;
  return db.transaction().execute(async (tx) => {
    const added = await tx
      .insertInto('agent_release')
      .values({ project, sha256, version, size, content, created_by: by })
      .onConflict((conflict) => conflict.doNothing())
      .returning('sha256')
      .executeTakeFirst();
    if (added) {
      const detail = { version, size };
      await audit(tx, {
        project,
        principal: by,
        action: 'agent-release.put',
        subject: sha256,
        operationId: null,
        detail,
      });
    }
    const kept = await tx
      .selectFrom('agent_release')
      .select(['sha256', 'version', 'size', 'created_at'])
      .where('project', '=', project)
      .where('sha256', '=', sha256)
      .executeTakeFirstOrThrow();
    const { created_at: createdAt, ...rest } = kept;
    return { ...rest, createdAt: createdAt.toISOString() };
  });
}

/** The text of a release of the project that the proxy has enrolled in; null: there is none. */
export async function releaseOfProxy(db: Db, proxy: string, sha256: string): Promise<string | null> {
  const row = await db
    .selectFrom('fleet_proxy as f')
    .innerJoin('agent_release as r', 'r.project', 'f.project')
    .select('r.content')
    .where('f.proxy', '=', proxy)
    .where('f.state', '=', 'enrolled')
    .where('r.sha256', '=', sha256)
    .executeTakeFirst();
  return row?.content ?? null;
}
