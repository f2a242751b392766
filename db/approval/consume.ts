import type { Db } from '../connect.ts';
import { current } from './gate.ts';
import { advanceGate, type GateRow } from './gate-state.ts';

export interface Consumption {
  readonly operationId: string;
  /** The gate's name. */
  readonly name: string;
  /** Digest of the thing as it stands before the act; null: it cannot be told. */
  readonly subject: string | null;
  /** Names the act, the same at every repetition of it. */
  readonly effect: string;
}

/** `used`: another act has used the approval up. */
export type Consumed = 'consumed' | 'used' | 'not-approved';

/**
 * Uses an approval up for one act, if exactly what it is about to act on is approved. The same act may repeat it. Call it right before
 * the act, in the activity that acts.
 */
export async function consumeApproval(db: Db, asked: Consumption): Promise<Consumed> {
  return db.transaction().execute(async (tx) => {
    const row = await current(tx, asked.operationId, asked.name).executeTakeFirst();
    if (row === undefined || row.subject !== asked.subject) return 'not-approved';
    const { outcome } = (await advanceGate(tx, row)).progress;
    if (outcome !== 'approved' && outcome !== 'broken') return 'not-approved';
    if (row.consumed_for !== null) return row.consumed_for === asked.effect ? 'consumed' : 'used';
    await markConsumed(tx, row, asked.effect);
    return 'consumed';
  });
}

async function markConsumed(tx: Db, row: GateRow, effect: string): Promise<void> {
  const now = new Date();
  await tx
    .updateTable('approval_gate')
    .set({ consumed_at: now, consumed_for: effect })
    .where('id', '=', row.id)
    .execute();
  await tx
    .updateTable('approval_decision')
    .set({ consumed_at: now })
    .where('gate_id', '=', row.id)
    .where('consumed_at', 'is', null)
    .execute();
}
