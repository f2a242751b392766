import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';

/** Throws `stopped` while an emergency stop of the whole project holds: nothing goes forth then, everything may go back. */
export async function refuseStopped(tx: Db, project: string): Promise<void> {
  const stop = await tx
    .selectFrom('emergency_stop')
    .select(['reason', 'stopped_by'])
    .where('project', '=', project)
    .where('service', '=', '*')
    .executeTakeFirst();
  if (stop === undefined) return;
  throw new OpsError(
    'stopped',
    `an emergency stop of the project by ${stop.stopped_by} holds: ${stop.reason}; release it first: holdfast release-stop --all`,
  );
}

/** Of a rollback nothing is held up: it is the way to safety. */
export async function refuseForthWhileStopped(
  db: Db,
  { project, mode }: { readonly project: string; readonly mode: 'rollout' | 'rollback' },
): Promise<void> {
  if (mode === 'rollout') await refuseStopped(db, project);
}
