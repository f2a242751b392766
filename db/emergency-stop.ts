import { sql } from 'kysely';
import { audit } from './audit.ts';
import type { Db } from './connect.ts';
import { lockTarget, makeTargetSafe, type TargetKey } from './traffic-target.ts';

export interface StopRequest {
  readonly project: string;
  /** A service, or `*` for all of the project. */
  readonly service: string;
  readonly reason: string;
  readonly by: string;
}

/**
 * Writes the stop and makes every target it covers safe under a new token, in one transaction: whoever decided on the state before
 * is refused from then on. Idempotent; the newest reason stands. Answers the services whose targets it touched.
 */
export async function emergencyStop(db: Db, stop: StopRequest): Promise<string[]> {
  return db.transaction().execute(async (trx) => {
    await trx
      .insertInto('emergency_stop')
      .values({ project: stop.project, service: stop.service, reason: stop.reason, stopped_by: stop.by })
      .onConflict((conflict) =>
        conflict
          .columns(['project', 'service'])
          .doUpdateSet({ reason: stop.reason, stopped_by: stop.by, at: sql`now()` }),
      )
      .execute();
    const targets = await targetsOf(trx, stop);
    for (const key of targets) {
      const row = await lockTarget(trx, key);
      if (row) await makeTargetSafe(trx, key, row, row.tripped);
    }
    await tell(trx, 'emergency-stop.stop', stop);
    return [...new Set(targets.map((target) => target.service))];
  });
}

/** Lifts a stop. Answers whether there was one; nothing is raised by it. */
export async function releaseEmergencyStop(db: Db, release: StopRequest): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const result = await trx
      .deleteFrom('emergency_stop')
      .where('project', '=', release.project)
      .where('service', '=', release.service)
      .executeTakeFirst();
    const wasThere = result.numDeletedRows > 0n;
    if (wasThere) await tell(trx, 'emergency-stop.release', release);
    return wasThere;
  });
}

/** The stops that hold in a project. */
export async function listEmergencyStops(db: Db, project: string) {
  return db
    .selectFrom('emergency_stop')
    .selectAll()
    .where('project', '=', project)
    .orderBy('service')
    .execute();
}

async function tell(trx: Db, action: string, { project, service, reason, by }: StopRequest): Promise<void> {
  const entry = {
    project,
    principal: by,
    action,
    subject: service,
    operationId: null,
    detail: {},
    personal: { reason },
  };
  await audit(trx, entry);
}

/** In one order for everybody, so that two stops wait for each other. */
async function targetsOf(db: Db, stop: StopRequest): Promise<TargetKey[]> {
  const query = db
    .selectFrom('traffic_target')
    .select(['project', 'service', 'proxy', 'backend'])
    .where('project', '=', stop.project)
    .orderBy('proxy')
    .orderBy('backend');
  return (stop.service === '*' ? query : query.where('service', '=', stop.service)).execute();
}
