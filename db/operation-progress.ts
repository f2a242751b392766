import { sql } from 'kysely';
import type { NoticeFacts } from '../contracts/notification.ts';
import { OpsError } from '../domain/errors.ts';
import { audit } from './audit.ts';
import { isTold, stuckQuietMs } from '../domain/notification/routing.ts';
import { recordAttemptsInside } from './approval/attempt.ts';
import { withdrawGates } from './approval/gate.ts';
import { asksAnything } from './approval/waiting.ts';
import type { Db } from './connect.ts';
import { tellChannels } from './notification/outbox.ts';
import { appendLine, lockOperation, type TimelineEvent } from './timeline.ts';

/** The workflow runs now, as this run. Throws `conflict` when the operation has ended: its run was reset after the end. */
export async function beginOperation(db: Db, operationId: string, runId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await adoptRun(tx, operationId, runId);
    const open = await tx
      .updateTable('operation')
      .set({ status: 'running' })
      .where('id', '=', operationId)
      .where('status', '!=', 'closed')
      .returning('id')
      .executeTakeFirst();
    if (open === undefined) throw new OpsError('conflict', `the operation ${operationId} has ended`);
  });
}

/** What the read model of an operation says beside its new line. */
export interface ReadModel {
  readonly phase: string;
  readonly gate: NoticeFacts['gate'];
  /** What is still asked is asked no more. */
  readonly isGoingBack: boolean;
  /** Keeps the state of the operation's own kind, in the same transaction. */
  keep(tx: Db): Promise<unknown>;
}

/**
 * Appends a line and keeps the read model in step. Writing it again changes nothing. Wakes those who follow the timeline.
 * A run that was replaced by a reset writes nothing any more.
 */
export async function recordLine(
  db: Db,
  event: TimelineEvent,
  runId: string,
  model: ReadModel | null,
): Promise<void> {
  const { operationId, summary } = event;
  await db.transaction().execute(async (tx) => {
    if (!(await adoptRun(tx, operationId, runId))) return;
    const isNew = await appendLine(tx, { ...event, runId, runSeq: event.seq });
    if (isNew) await tellOf(tx, event, runId, model?.gate ?? null);
    const open = await tx
      .updateTable('operation')
      .set({ summary, ...(model === null ? {} : { phase: model.phase }) })
      .where('id', '=', operationId)
      .where('status', '!=', 'closed')
      .returning('id')
      .executeTakeFirst();
    if (model === null || open === undefined) return;
    if (model.isGoingBack) await withdrawGates(tx, operationId);
    await model.keep(tx);
  });
}

/** A gate that a reset run opens again is the same gate: it was told. */
async function tellOf(
  tx: Db,
  { operationId, type, summary, seq, detail }: TimelineEvent,
  runId: string,
  gate: NoticeFacts['gate'],
): Promise<void> {
  if (!isTold(type)) return;
  const { subject, level } = detail;
  // A gate that a reset run opens or escalates again is the same one; a time that is over is over again.
  const isSameGate = type !== 'gate.overdue' && typeof subject === 'string';
  const ofLevel = typeof level === 'number' ? `/${level}` : '';
  const key = isSameGate ? `${subject}${ofLevel}` : `${runId}/${seq}`;
  await tellChannels(tx, { operationId, event: type, key: `${type}/${key}`, summary, gate });
}

/** Appends a line that no workflow wrote. */
export async function appendEvent(db: Db, event: Omit<TimelineEvent, 'seq'>): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockOperation(tx, event.operationId);
    await appendLine(tx, { ...event, runId: null, runSeq: null });
  });
}

/**
 * Notes which run speaks for the operation. Another run than before is a reset and gets a line, once. Answers false for a run that
 * was replaced: it has written before and is not the current one.
 */
export async function adoptRun(db: Db, operationId: string, runId: string): Promise<boolean> {
  const current = await lockOperation(db, operationId);
  if (current === runId) return true;
  const wrote = await db
    .selectFrom('operation_event')
    .select('seq')
    .where('operation_id', '=', operationId)
    .where('run_id', '=', runId)
    .limit(1)
    .executeTakeFirst();
  if (wrote !== undefined) return false;
  const { project, target } = await db
    .updateTable('operation')
    .set({ run_id: runId })
    .where('id', '=', operationId)
    .returning(['project', 'target'])
    .executeTakeFirstOrThrow();
  if (current === null) return true;
  const reset = { project, principal: 'holdfast', action: 'operation.reset', subject: target, operationId };
  await audit(db, { ...reset, detail: { from: current, to: runId } });
  const summary = 'the run was reset in Temporal: it goes on from an earlier point';
  await appendLine(db, {
    operationId,
    type: 'run.reset',
    summary,
    detail: { from: current },
    runId,
    runSeq: 0,
  });
  // Whoever resets a run may hope that it need not ask again: what it asks is in rows, which no reset takes back.
  const what = {
    what: 'reset of a run that asks for approvals',
    detail: { from: current, to: runId },
    place: null,
  };
  if (await asksAnything(db, operationId)) await recordAttemptsInside(db, operationId, [what]);
  return true;
}

/** Ends the operation and frees its target for the next. Repeating it changes nothing. */
export async function closeOperation(
  db: Db,
  operationId: string,
  outcome: string,
  summary: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const closed = await tx
      .updateTable('operation')
      .set({ status: 'closed', outcome, summary, phase: 'done', stuck: null, finished_at: new Date() })
      .where('id', '=', operationId)
      .where('status', '!=', 'closed')
      .returning(['project', 'target', 'kind'])
      .executeTakeFirst();
    if (closed === undefined) return;
    await withdrawGates(tx, operationId);
    await audit(tx, {
      project: closed.project,
      principal: 'holdfast',
      action: `${closed.kind}.closed`,
      subject: closed.target,
      operationId,
      detail: { outcome },
      personal: { summary },
    });
    const event = `outcome.${outcome}`;
    await tellChannels(tx, { operationId, event, key: 'outcome', summary, outcome });
    await sql`select pg_notify('operation_event', ${operationId})`.execute(tx);
  });
}

/** Shows (note) or clears (null) that a step of the operation keeps failing. Answers whether that was news. */
export async function markStuck(db: Db, operationId: string, note: string | null): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const before = await tx
      .selectFrom('operation')
      .select('stuck')
      .where('id', '=', operationId)
      .where('status', '!=', 'closed')
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (before === undefined || before.stuck === note) return false;
    await tx.updateTable('operation').set({ stuck: note }).where('id', '=', operationId).execute();
    if (note === null || before.stuck !== null) return true;
    const key = `stuck/${Math.floor(Date.now() / stuckQuietMs)}`;
    await tellChannels(tx, { operationId, event: 'stuck', key, summary: note });
    return true;
  });
}
