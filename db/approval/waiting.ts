import type { Db } from '../connect.ts';
import { gateStateOf, type GateState } from './gate-state.ts';

export interface WaitingGate extends GateState {
  readonly operation: { readonly kind: string; readonly target: string; readonly summary: string };
}

/** The gates of a project at which an operation waits now, the oldest first; at most 200. */
export async function waitingGates(db: Db, project: string): Promise<WaitingGate[]> {
  const rows = await db
    .selectFrom('approval_gate as g')
    .innerJoin('operation as o', 'o.id', 'g.operation_id')
    .selectAll('g')
    .select(['o.kind', 'o.target', 'o.summary'])
    .where('g.project', '=', project)
    .where('g.outcome', 'is', null)
    .where('g.void_at', 'is', null)
    .where('o.status', '!=', 'closed')
    .orderBy('g.opened_at')
    .limit(200)
    .execute();
  const waiting: WaitingGate[] = [];
  for (const { kind, target, summary, ...row } of rows) {
    const state = await gateStateOf(db, row);
    if (state.progress.outcome === null) waiting.push({ ...state, operation: { kind, target, summary } });
  }
  return waiting;
}

/** The gate of an operation that asked about a subject last, or null. */
export async function findGateAbout(
  db: Db,
  asked: { project: string; operationId: string; subject: string },
): Promise<{ readonly id: string } | null> {
  const row = await db
    .selectFrom('approval_gate')
    .select('id')
    .where('project', '=', asked.project)
    .where('operation_id', '=', asked.operationId)
    .where('subject', '=', asked.subject)
    .orderBy('opened_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/** Whether an open operation still asks about a subject. */
export async function isAsked(db: Db, operationId: string, subject: string): Promise<boolean> {
  const row = await db
    .selectFrom('approval_gate as g')
    .innerJoin('operation as o', 'o.id', 'g.operation_id')
    .selectAll('g')
    .where('g.operation_id', '=', operationId)
    .where('g.subject', '=', subject)
    .where('g.outcome', 'is', null)
    .where('g.void_at', 'is', null)
    .where('o.status', '!=', 'closed')
    .executeTakeFirst();
  return row !== undefined && (await gateStateOf(db, row)).progress.outcome === null;
}

/** What a gate asks now, or null when it has not asked. */
export async function findAsked(
  db: Db,
  operationId: string,
  name: string,
): Promise<{ readonly evidence: unknown } | null> {
  const row = await db
    .selectFrom('approval_gate')
    .select('evidence')
    .where('operation_id', '=', operationId)
    .where('name', '=', name)
    .where('void_at', 'is', null)
    .executeTakeFirst();
  return row ?? null;
}

/** Whether an operation has asked for an approval at all. */
export async function asksAnything(db: Db, operationId: string): Promise<boolean> {
  const row = await db
    .selectFrom('approval_gate')
    .select('id')
    .where('operation_id', '=', operationId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
