import { parseDuration } from '../../domain/duration.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';

/** A recorded command as the workflow needs it, or null when there is none for this operation. */
export async function readCommand(db: Db, operationId: string, commandId: string) {
  const row = await db
    .selectFrom('command')
    .select(['id', 'kind', 'body', 'state', 'answer', 'requested_by'])
    .where('id', '=', commandId)
    .where('operation_id', '=', operationId)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { body } = row;
  return {
    id: row.id,
    kind: row.kind,
    revision: Number(body['revision'] ?? -1),
    step: Number(body['step'] ?? -2),
    by: row.requested_by,
    reason: textOrNull(body['reason']),
    metric: textOrNull(body['metric']),
    expiresInMs: typeof body['expiresIn'] === 'string' ? parseDuration(body['expiresIn']) : null,
    cause: textOrNull(body['cause']),
    state: row.state,
    answer: row.answer,
  };
}

/** Settles a command once; a repetition answers what was settled first. */
export async function settleCommand(
  db: Db,
  settled: { operationId: string; commandId: string; state: 'accepted' | 'refused'; answer: string },
): Promise<{ state: 'accepted' | 'refused'; answer: string }> {
  await db.transaction().execute((tx) => settleInside(tx, settled));
  const { state, answer } = settled;
  return { state, answer };
}

/** The same within the caller's transaction. */
export async function settleInside(
  tx: Db,
  settled: { operationId: string; commandId: string; state: 'accepted' | 'refused'; answer: string },
): Promise<void> {
  const { operationId, commandId, state, answer } = settled;
  const command = await tx
    .updateTable('command')
    .set({ state, answer, settled_at: new Date() })
    .where('id', '=', commandId)
    .where('operation_id', '=', operationId)
    .where('state', '=', 'pending')
    .returning(['project', 'kind'])
    .executeTakeFirst();
  if (command === undefined) return;
  await audit(tx, {
    project: command.project,
    principal: 'holdfast',
    action: `command.${state}`,
    subject: commandId,
    operationId,
    detail: { kind: command.kind },
    personal: { answer },
  });
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
