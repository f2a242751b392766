import type { Db } from '../connect.ts';
import { audit } from '../audit.ts';
import { appendLine } from '../timeline.ts';

/** So many of one operation are written down one by one; of the rest only the number is kept. */
export const attemptsWritten = 20;

/** Something around the API that wanted to approve: a message, a forged result, a reset. It approves nothing. */
export interface Attempt {
  /** What came, in our own words: what somebody typed may hold anything. */
  readonly what: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Who it may have been, as they say themselves: may be the name of a person. */
  readonly identity?: string;
  /** Its place in the run that heard it, so that a repetition writes nothing twice; null: it was not heard by a run. */
  readonly place: { readonly runId: string; readonly runSeq: number } | null;
}

export interface Hearing {
  readonly operationId: string;
  readonly runId: string;
  readonly ids: readonly string[];
  readonly strange: readonly string[];
  /** Numbers the looks of a run. */
  readonly hearing: number;
}

/** Tells how many announced decisions are recorded for the operation; whatever else was heard is written down as an attempt. */
export async function hearAnnouncements(db: Db, heard: Hearing): Promise<{ known: number }> {
  const { operationId, ids, strange } = heard;
  const known = await acknowledged(db, operationId, ids);
  const named = ids
    .filter((id) => !known.includes(id))
    .map((id) => ({ what: 'signal approval that names no recorded decision', detail: { named: id } }));
  const attempts = [...named, ...strange.map((what) => ({ what, detail: {} }))];
  if (attempts.length > 0) await recordAttempts(db, operationId, attempts.map(placed(heard)));
  return { known: known.length };
}

async function acknowledged(db: Db, operationId: string, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .updateTable('approval_decision')
    .set((eb) => ({ announced_at: eb.fn.coalesce('announced_at', eb.val(new Date())) }))
    .where('operation_id', '=', operationId)
    .where('id', 'in', [...ids])
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

/** Below zero, where no line of the story is. */
function placed({ runId, hearing }: Hearing) {
  return ({ what, detail }: Pick<Attempt, 'what' | 'detail'>, index: number): Attempt => ({
    what,
    detail: { ...detail, run: runId },
    place: { runId, runSeq: -(hearing * 1000 + index) },
  });
}

/** Writes attempts into timeline and audit, as far as the bound of the operation allows, and counts them all. */
export async function recordAttempts(
  db: Db,
  operationId: string,
  attempts: readonly Attempt[],
): Promise<void> {
  await db.transaction().execute((tx) => recordAttemptsInside(tx, operationId, attempts));
}

/** The same in the transaction of the caller. */
export async function recordAttemptsInside(
  tx: Db,
  operationId: string,
  attempts: readonly Attempt[],
): Promise<void> {
  const operation = await tx
    .selectFrom('operation')
    .select(['project', 'target', 'approval_attempts as before'])
    .where('id', '=', operationId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (operation === undefined) return;
  const room = attempts.slice(0, Math.max(0, attemptsWritten - operation.before));
  for (const attempt of room) await write(tx, operationId, operation, attempt);
  const count = operation.before + attempts.length;
  if (operation.before < attemptsWritten && count >= attemptsWritten)
    await sayNoMore(tx, operationId, operation);
  await tx.updateTable('operation').set({ approval_attempts: count }).where('id', '=', operationId).execute();
}

interface Operation {
  readonly project: string;
  readonly target: string;
}

async function write(tx: Db, operationId: string, operation: Operation, attempt: Attempt): Promise<void> {
  const { what, detail, identity = null, place } = attempt;
  const summary = `attempt around the API: ${what}; it approves nothing`;
  const line = {
    operationId,
    type: 'approval.attempt',
    summary,
    detail: { ...detail, ...(identity === null ? {} : { identity }) },
  };
  const isNew = await appendLine(tx, { ...line, runId: place?.runId ?? null, runSeq: place?.runSeq ?? null });
  if (isNew) await note(tx, operationId, operation, { what, ...detail }, identity);
}

async function sayNoMore(tx: Db, operationId: string, operation: Operation): Promise<void> {
  const summary = `${attemptsWritten} attempts around the API: further ones are counted, not written down`;
  const line = { operationId, type: 'approval.attempts-counted', summary, detail: {} };
  await appendLine(tx, { ...line, runId: null, runSeq: null });
  await note(tx, operationId, operation, { what: summary });
}

async function note(
  tx: Db,
  operationId: string,
  { project, target }: Operation,
  detail: Record<string, unknown>,
  identity: string | null = null,
): Promise<void> {
  await audit(tx, {
    project,
    principal: 'unknown',
    action: 'approval.attempt',
    subject: target,
    operationId,
    detail,
    personal: { identity },
  });
}
